"""A Modbus server by pymodbus (3.0 to 3.16), steered by JSON lines on stdin.

    pymodbus_server.py tcp|udp|rtu-over-tcp|ascii-over-tcp PORT | tls PORT CERT KEY | rtu|ascii TTY

Answers {"ready": VERSION} when it serves, then each line with one that has the same id:
    {"id": 1, "op": "put", "table": …, "address": …, "type": …, "value": "1.5", …}  ->  {"id": 1}
    {"id": 2, "op": "take", …}  ->  {"id": 2, "value": "1.5"}
Values are encoded by the struct module and kept in pymodbus' own datastore. It identifies itself as
IDENTITY says. Ends when stdin does.
"""

import asyncio
import json
import logging
import struct
import sys

import pymodbus
from pymodbus import server as servers
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext

logging.disable(logging.WARNING)

READ = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
FORMAT = {
    **{"int16": "h", "uint16": "H", "int32": "i", "uint32": "I"},
    **{"int64": "q", "uint64": "Q", "float32": "f", "float64": "d"},
}
SIZE = 1000
# What the server says of itself with functions 43/14; 17 joins the first three.
IDENTITY = {
    **{0: "Pymodbus vendor", 1: "PM-3", 2: "3.x", 3: "http://192.0.2.1", 4: "Server"},
    **{5: "Model", 6: "Application", 0x80: "x" * 200, 0x81: "y" * 200},
}


def make_identity():
    try:
        from pymodbus import ModbusDeviceIdentification
    except ImportError:
        from pymodbus.device import ModbusDeviceIdentification
    return ModbusDeviceIdentification(info=IDENTITY)


def make_device():
    def blocks():
        names = {"di": False, "co": False, "ir": 0, "hr": 0}
        return {name: ModbusSequentialDataBlock(1, [zero] * SIZE) for name, zero in names.items()}

    try:
        from pymodbus.datastore import ModbusDeviceContext
    except ImportError:
        from pymodbus.datastore import ModbusSlaveContext

        device = ModbusSlaveContext(**blocks())
        return device, ModbusServerContext(slaves=device, single=True)
    device = ModbusDeviceContext(**blocks())
    return device, ModbusServerContext(devices=device, single=True)


def framer_of(kind):
    """The framer of a kind, by the names of old and of new versions."""
    name = "rtu" if kind.startswith("rtu") else "ascii" if kind.startswith("ascii") else "socket"
    try:
        from pymodbus import FramerType

        return FramerType(name)
    except ImportError:
        module = __import__(f"pymodbus.framer.{name}_framer", fromlist=["framer"])
        return getattr(module, f"Modbus{name.capitalize()}Framer")


def make_server(context, kind, where, *files):
    def server_of(name):
        if hasattr(servers, name):
            return getattr(servers, name)
        from pymodbus.server import async_io

        return getattr(async_io, name)

    common = {"framer": framer_of(kind), "identity": make_identity()}
    if kind in ("rtu", "ascii"):
        return server_of("ModbusSerialServer")(context, port=where, baudrate=115200, **common)
    more = {"certfile": files[0], "keyfile": files[1]} if kind == "tls" else {}
    name = {"udp": "ModbusUdpServer", "tls": "ModbusTlsServer"}.get(kind, "ModbusTcpServer")
    return server_of(name)(context, address=("127.0.0.1", int(where)), **common, **more)


def order_of(ask):
    return ask.get("byteOrder", "big"), ask.get("wordOrder", "big")


def registers_of(ask):
    """The registers that hold the value: struct knows both ends, registers are big-endian."""
    byte_order, word_order = order_of(ask)
    if ask["type"] == "string":
        raw = ask["value"].encode().ljust(2 * ask["length"], b"\0")
        return list(struct.unpack(f"{'>' if byte_order == 'big' else '<'}{ask['length']}H", raw))
    form = FORMAT[ask["type"]]
    value = float(ask["value"]) if form in "fd" else int(ask["value"])
    raw = struct.pack((">" if byte_order == "big" else "<") + form, value)
    registers = list(struct.unpack(f">{len(raw) // 2}H", raw))
    return registers if byte_order == word_order else registers[::-1]


def value_of(ask, registers):
    byte_order, word_order = order_of(ask)
    if ask["type"] == "string":
        raw = struct.pack(f"{'>' if byte_order == 'big' else '<'}{len(registers)}H", *registers)
        return raw.rstrip(b"\0").decode()
    if byte_order != word_order:
        registers = registers[::-1]
    raw = struct.pack(f">{len(registers)}H", *registers)
    return repr(struct.unpack((">" if byte_order == "big" else "<") + FORMAT[ask["type"]], raw)[0])


async def answer(ask, server, device):
    table, address = ask["table"], ask["address"]
    function = READ[table]
    bits = table in ("coil", "discrete")
    # Since 3.16 the datastore is reached through the server only.
    by_server = not hasattr(device, "getValues")
    if ask["op"] == "put":
        values = [ask["value"] == "true"] if bits else registers_of(ask)
        if by_server:
            await server.async_setValues(1, function, address, values)
        else:
            device.setValues(function, address, values)
        return {}
    count = 1 if bits else ask.get("length") or struct.calcsize(FORMAT[ask["type"]]) // 2
    if by_server:
        values = await server.async_getValues(1, function, address, count)
    else:
        values = device.getValues(function, address, count)
    return {"value": ("true" if values[0] else "false") if bits else value_of(ask, values)}


async def main(kind, *where):
    device, context = make_device()
    server = make_server(context, kind, *where)
    # Up to 3.5 or so a serial port is opened apart from serving it; later versions have no start.
    if kind in ("rtu", "ascii") and hasattr(server, "start"):
        await server.start()
    serving = asyncio.create_task(server.serve_forever())
    while not any(getattr(server, name, None) for name in ("transport", "server", "protocol")):
        if serving.done():
            serving.result()
        await asyncio.sleep(0.01)
    say({"ready": getattr(pymodbus, "__version__", "?")})
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    while line := await reader.readline():
        ask = json.loads(line)
        try:
            say({"id": ask["id"], **await answer(ask, server, device)})
        except Exception as error:  # pylint: disable=broad-except
            say({"id": ask["id"], "error": f"{type(error).__name__}: {error}"})


def say(message):
    print(json.dumps(message), flush=True)


asyncio.run(main(*sys.argv[1:]))
