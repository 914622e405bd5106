/** A JSON Schema (draft 2020-12 subset that ajv checks in strict mode). Any typebox schema fits. */
export type JSONSchema = object
