"""An OPC UA server by asyncua (2.x), steered by JSON lines on stdin.

    asyncua_server.py '{"port": 4840, "policies": ["NoSecurity", …], "tokens": ["anonymous", …], "limit": 0}'

Answers {"ready": VERSION, "url": …, "namespace": INDEX} when it serves, then each line with one that has
the same id:
    {"id": 1, "op": "put", "name": "Scalars.Int32", "value": "5", "status": "Good"}  ->  {"id": 1}
    {"id": 2, "op": "take", "name": …}  ->  {"id": 2, "value": "5"}
    {"id": 3, "op": "raise", "message": …, "severity": 500}  ->  {"id": 3}
    {"id": 4, "op": "remove", "name": …}  ->  {"id": 4}
    {"id": 5, "op": "sessions"}  ->  {"id": 5, "count": 1}
Values travel as text, arrays as lists of it: numbers in decimal, times in ISO 8601, bytes in hexadecimal.
The names, types and namespaces are those of our own simulator. Ends when stdin does.
"""

import asyncio
import importlib.metadata
import json
import logging
import sys
import tempfile
import uuid
from datetime import datetime, timezone
from pathlib import Path

from asyncua import Server, ua, uamethod
from asyncua.common.callback import CallbackType
from asyncua.common.structures104 import new_enum, new_struct, new_struct_field
from asyncua.crypto.cert_gen import (
    dump_private_key_as_pem,
    generate_private_key,
    generate_self_signed_app_certificate,
)
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.internal_session import InternalSession
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

logging.disable(logging.CRITICAL)

URI = "urn:mapper-sdk:simulator:asyncua"
NAMESPACE = "urn:mapper-sdk:simulator"
USERS = {"operator": "secret", "guest": "guest"}

# Three of each; the first is also the scalar.
VALUES = {
    "Boolean": ["true", "false", "true"],
    "SByte": ["-8", "-128", "127"],
    "Byte": ["200", "0", "255"],
    "Int16": ["-16000", "-32768", "32767"],
    "UInt16": ["60000", "0", "65535"],
    "Int32": ["-2000000000", "-2147483648", "2147483647"],
    "UInt32": ["4000000000", "0", "4294967295"],
    "Int64": ["-9007199254740993", "-9223372036854775808", "9223372036854775807"],
    "UInt64": ["18446744073709551615", "0", "9007199254740993"],
    "Float": ["1.5", "-2.25", "0.0"],
    "Double": ["-0.1", "1e+300", "5e-324"],
    "String": ["Grüße, 世界", "", "a,b;c"],
    "DateTime": [
        "2024-02-29T12:34:56.789Z",
        "1970-01-01T00:00:00.000Z",
        "2100-01-01T00:00:00.000Z",
    ],
    "Guid": [
        "72962b91-fa75-4ae6-8d28-b404dc7daf63",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
    ],
    "ByteString": ["0001feff", "", "41"],
    "XmlElement": ['<a b="c">d</a>', "<e/>", "<f>g</f>"],
    "NodeId": ["ns=1;s=abc", "i=2258", "ns=2;i=4294967295"],
    "ExpandedNodeId": ["ns=1;i=5", "i=84", "ns=2;s=x"],
    "StatusCode": ["BadOutOfService", "Good", "UncertainInitialValue"],
    "QualifiedName": ["1:speed", "0:x", "2:ab"],
    "LocalizedText": ["de|Drehzahl", "en|speed", "|x"],
}
INTEGERS = {"SByte", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64"}


def parse(kind, text):
    if kind == "Boolean":
        return text == "true"
    if kind in INTEGERS:
        return int(text)
    if kind in ("Float", "Double"):
        return float(text)
    if kind == "DateTime":
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    if kind == "Guid":
        return uuid.UUID(text)
    if kind == "ByteString":
        return bytes.fromhex(text)
    if kind == "XmlElement":
        return ua.XmlElement(text)
    if kind == "NodeId":
        return ua.NodeId.from_string(text)
    if kind == "ExpandedNodeId":
        node = ua.NodeId.from_string(text)
        return ua.ExpandedNodeId(node.Identifier, node.NamespaceIndex, node.NodeIdType)
    if kind == "StatusCode":
        return ua.StatusCode(getattr(ua.StatusCodes, text))
    if kind == "QualifiedName":
        index, name = text.split(":", 1)
        return ua.QualifiedName(name, int(index))
    if kind == "LocalizedText":
        locale, said = text.split("|", 1)
        return ua.LocalizedText(said, locale or None)
    return text


def write_out(kind, value):
    if kind == "Boolean":
        return "true" if value else "false"
    if kind in ("Float", "Double"):
        return repr(value)
    if kind == "DateTime":
        at = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if kind == "ByteString":
        return (value or b"").hex()
    if kind == "XmlElement":
        return value.Value
    if kind in ("NodeId", "ExpandedNodeId"):
        return value.to_string()
    if kind == "StatusCode":
        return value.name
    if kind == "QualifiedName":
        return f"{value.NamespaceIndex}:{value.Name}"
    if kind == "LocalizedText":
        return f"{value.Locale or ''}|{value.Text}"
    return "" if value is None else str(value)


class Users:
    """Who may come in: anybody without a name, and these with their passwords."""

    def get_user(self, _server, username=None, password=None, certificate=None):
        del certificate
        if username is None:
            return User(role=UserRole.User, name="anonymous")
        given = password.decode() if isinstance(password, bytes) else password
        if username in USERS and USERS[username] == given:
            return User(role=UserRole.User, name=username)
        return None


async def make_certificate(server, folder):
    key = generate_private_key()
    names = [x509.UniformResourceIdentifier(URI), x509.DNSName("localhost")]
    certificate = generate_self_signed_app_certificate(
        key, "asyncua", {}, names, [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    )
    (folder / "key.pem").write_bytes(dump_private_key_as_pem(key))
    (folder / "certificate.der").write_bytes(certificate.public_bytes(Encoding.DER))
    await server.load_certificate(str(folder / "certificate.der"))
    await server.load_private_key(str(folder / "key.pem"))


async def add_values(root, index):
    """Scalars and arrays of each type, by name."""
    nodes = {}
    scalars = await root.add_folder(ua.NodeId("Scalars", index), f"{index}:Scalars")
    arrays = await root.add_folder(ua.NodeId("Arrays", index), f"{index}:Arrays")
    for kind, texts in VALUES.items():
        variant_type = getattr(ua.VariantType, kind)
        values = [parse(kind, text) for text in texts]
        for folder, prefix, variant in [
            (scalars, "Scalars", ua.Variant(values[0], variant_type)),
            (arrays, "Arrays", ua.Variant(values, variant_type, is_array=True)),
        ]:
            name = f"{prefix}.{kind}"
            node = await folder.add_variable(
                ua.NodeId(name, index),
                f"{index}:{kind}",
                variant,
                datatype=ua.NodeId(variant_type.value),
            )
            await node.set_writable()
            nodes[name] = (node, kind)
    return nodes


async def add_more(server, root, index, nodes):
    """An enumeration, a structure, statuses, access and an analog item."""

    async def variable(name, variant, datatype=None, writable=True):
        folder_name, browse_name = name.split(".", 1)
        if folder_name not in folders:
            folders[folder_name] = await root.add_folder(
                ua.NodeId(folder_name, index), f"{index}:{folder_name}"
            )
        node = await folders[folder_name].add_variable(
            ua.NodeId(name, index), f"{index}:{browse_name}", variant, datatype=datatype
        )
        if writable:
            await node.set_writable()
        nodes[name] = (node, variant.VariantType.name)
        return node

    folders = {}
    color = await new_enum(server, index, "Color", ["Red", "Green", "Blue"])
    place, _ = await new_struct(
        server, index, "Place", [new_struct_field(name, ua.VariantType.Double) for name in "XYZ"]
    )
    recipe, _ = await new_struct(
        server,
        index,
        "Recipe",
        [
            new_struct_field("Name", ua.VariantType.String),
            new_struct_field("Number", ua.VariantType.Int64),
            new_struct_field("Color", color),
            new_struct_field("Origin", place),
            new_struct_field("Steps", ua.VariantType.Int32, array=True),
        ],
    )
    settings, _ = await new_struct(
        server,
        index,
        "Settings",
        [
            new_struct_field("Speed", ua.VariantType.Double),
            new_struct_field("Comment", ua.VariantType.String, optional=True),
        ],
    )
    await server.load_data_type_definitions()
    whole = ua.VariantType.Int32
    await variable("Enumeration.Color", ua.Variant(1, whole), color.nodeid)
    origin = ua.Place(X=1.5, Y=-2.5, Z=0.0)
    extension = ua.VariantType.ExtensionObject
    await variable("Structure.Place", ua.Variant(origin, extension), place.nodeid)
    made = ua.Recipe(
        Name="Grüße", Number=9007199254740993, Color=ua.Color.Blue, Origin=origin, Steps=[1, -2, 3]
    )
    await variable("Structure.Recipe", ua.Variant(made, extension), recipe.nodeid)
    await variable("Structure.Settings", ua.Variant(ua.Settings(Speed=2.5), extension), settings.nodeid)

    await variable("Access.ReadOnly", ua.Variant(1, whole), writable=False)
    temperature = await variable("Analog.Temperature", ua.Variant(21.5, ua.VariantType.Double))
    await temperature.add_property(0, "EURange", ua.Range(-50.0, 150.0))
    for name, code in [
        ("Good", ua.StatusCodes.Good),
        ("Uncertain", ua.StatusCodes.UncertainLastUsableValue),
        ("BadWithValue", ua.StatusCodes.BadSensorFailure),
        ("Waiting", ua.StatusCodes.BadWaitingForInitialData),
    ]:
        node = await variable(f"Quality.{name}", ua.Variant(12.5, ua.VariantType.Double))
        await node.write_value(
            ua.DataValue(ua.Variant(12.5, ua.VariantType.Double), StatusCode=ua.StatusCode(code))
        )
    for number in range(10):
        await variable(f"Changing.{number}", ua.Variant(0, ua.VariantType.UInt32))


async def add_methods(root, index):
    @uamethod
    def add(_parent, a, b):
        return a + b

    @uamethod
    def fail(_parent):
        return ua.StatusCode(ua.StatusCodes.BadInvalidState)

    def argument(name):
        made = ua.Argument()
        made.Name = name
        made.DataType = ua.NodeId(ua.ObjectIds.Double)
        made.ValueRank = -1
        return made

    methods = await root.add_object(ua.NodeId("Methods", index), f"{index}:Methods")
    await methods.add_method(
        ua.NodeId("Methods.Add", index),
        f"{index}:Add",
        add,
        [argument("a"), argument("b")],
        [argument("sum")],
    )
    await methods.add_method(ua.NodeId("Methods.Fail", index), f"{index}:Fail", fail, [], [])


async def add_events(server, root, index):
    events = await root.add_folder(ua.NodeId("Events", index), f"{index}:Events")
    source = await events.add_object(ua.NodeId("Events.Source", index), f"{index}:Source")
    kind = await server.create_custom_event_type(
        index,
        "OrderEventType",
        ua.ObjectIds.BaseEventType,
        [("OrderNumber", ua.VariantType.Int64), ("Temperature", ua.VariantType.Double)],
    )
    return await server.get_event_generator(kind, source)


async def limit_requests(server, limit):
    """asyncua names limits and keeps to none, so they are kept here."""
    for name in ("MaxNodesPerRead", "MaxNodesPerWrite", "MaxMonitoredItemsPerCall"):
        node = getattr(ua.ObjectIds, f"Server_ServerCapabilities_OperationLimits_{name}")
        await server.get_node(node).write_value(limit, ua.VariantType.UInt32)

    async def check(event, _dispatcher):
        asked = event.request_params
        for items in ("NodesToRead", "NodesToWrite", "ItemsToCreate"):
            if event.is_external and len(getattr(asked, items, None) or []) > limit:
                raise ua.uaerrors.BadTooManyOperations

    for moment in (CallbackType.PreRead, CallbackType.PreWrite):
        server.subscribe_server_callback(moment, check)


async def answer(ask, nodes, generator, server):
    if ask["op"] == "sessions":
        return {"count": InternalSession._current_connections}
    if ask["op"] == "raise":
        generator.event.Severity = ask.get("severity", 500)
        generator.event.OrderNumber = 1
        generator.event.Temperature = 21.5
        await generator.trigger(message=ask.get("message", "order done"))
        return {}
    node, kind = nodes[ask["name"]]
    if ask["op"] == "remove":
        await server.delete_nodes([node])
        return {}
    if ask["op"] == "put":
        given = ask["value"]
        value = [parse(kind, each) for each in given] if isinstance(given, list) else parse(kind, given)
        variant = ua.Variant(value, getattr(ua.VariantType, kind), is_array=isinstance(given, list))
        status = ua.StatusCode(getattr(ua.StatusCodes, ask.get("status", "Good")))
        now = datetime.now(timezone.utc)
        await node.write_value(ua.DataValue(variant, StatusCode=status, SourceTimestamp=now))
        return {}
    value = await node.read_value()
    if isinstance(value, list):
        return {"value": [write_out(kind, each) for each in value]}
    return {"value": write_out(kind, value)}


async def count_on(nodes, count):
    number = 0
    while True:
        await asyncio.sleep(0.1)
        number += 1
        for index in range(count):
            await nodes[f"Changing.{index}"][0].write_value(number, ua.VariantType.UInt32)


async def main(options):
    server = Server(user_manager=Users())
    await server.init()
    url = f"opc.tcp://127.0.0.1:{options['port']}"
    server.set_endpoint(url)
    await server.set_application_uri(URI)
    policies = options.get("policies")
    if policies is not None:
        server.set_security_policy([getattr(ua.SecurityPolicyType, name) for name in policies])
    tokens = {
        "anonymous": ua.AnonymousIdentityToken,
        "password": ua.UserNameIdentityToken,
        "certificate": ua.X509IdentityToken,
    }
    server.set_identity_tokens([tokens[name] for name in options.get("tokens", tokens)])
    with tempfile.TemporaryDirectory(prefix="asyncua-") as folder:
        await make_certificate(server, Path(folder))
    await server.register_namespace(f"{NAMESPACE}:decoy")
    index = await server.register_namespace(NAMESPACE)
    objects = server.nodes.objects
    root = await objects.add_folder(ua.NodeId("Simulator", index), f"{index}:Simulator")
    nodes = await add_values(root, index)
    await add_more(server, root, index, nodes)
    await add_methods(root, index)
    generator = await add_events(server, root, index)
    if options.get("limit"):
        await limit_requests(server, options["limit"])
    await server.start()
    counting = asyncio.create_task(count_on(nodes, 10))
    version = importlib.metadata.version("asyncua")
    say({"ready": version, "url": url, "namespace": index})
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while line := await reader.readline():
        ask = json.loads(line)
        try:
            say({"id": ask["id"], **await answer(ask, nodes, generator, server)})
        except Exception as error:  # pylint: disable=broad-except
            say({"id": ask["id"], "error": f"{type(error).__name__}: {error}"})
    counting.cancel()
    await server.stop()


def say(message):
    print(json.dumps(message), flush=True)


asyncio.run(main(json.loads(sys.argv[1])))
