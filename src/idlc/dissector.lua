-- SPDX-License-Identifier: MIT
-- What follows is the same for every interface: it reads stub data after the tables above and shows it.

-- ORPCTHIS and ORPCTHAT ([MS-DCOM] 2.2.13) precede the parameters of object interfaces.
types["ORPC_EXTENT"] = {align = {4, 4}, conformant = true, fields = {
	{"id", {"uuid"}}, {"size", {"u32"}}, {"data", {"array", {"u8"}, open = true, dims = {{}}}}}}
types["ORPC_EXTENT_ARRAY"] = {align = {4, 8}, fields = {
	{"size", {"u32"}}, {"reserved", {"u32"}},
	{"extent", {"ptr", "unique", {"array", {"ptr", "unique", {"struct", "ORPC_EXTENT"}}, open = true, dims = {{}}}}}}}
types["ORPCTHIS"] = {align = {4, 8}, fields = {
	{"major", {"u16"}}, {"minor", {"u16"}}, {"flags", {"u32"}}, {"reserved1", {"u32"}}, {"cid", {"uuid"}},
	{"extensions", {"ptr", "unique", {"struct", "ORPC_EXTENT_ARRAY"}}}}}
types["ORPCTHAT"] = {align = {4, 8}, fields = {
	{"flags", {"u32"}}, {"extensions", {"ptr", "unique", {"struct", "ORPC_EXTENT_ARRAY"}}}}}

local unpack = table.unpack or unpack -- Lua 5.2 or 5.1
local protocol = Proto("idl." .. stem, interfaces[1] and interfaces[1].name .. " (" .. stem .. ".idl)" or stem)
local wrong = ProtoExpert.new("idl." .. stem .. ".wrong", "The data is not of this interface", expert.group.MALFORMED,
	expert.severity.ERROR)
local rest = ProtoExpert.new("idl." .. stem .. ".rest", "There are bytes behind the parameters", expert.group.UNDECODED,
	expert.severity.NOTE)
protocol.experts = {wrong, rest}

-- bytes, field
local scalars = {
	i8 = {1, ProtoField.int8}, u8 = {1, ProtoField.uint8}, char = {1, ProtoField.uint8},
	i16 = {2, ProtoField.int16}, u16 = {2, ProtoField.uint16}, wchar = {2, ProtoField.uint16},
	i32 = {4, ProtoField.int32}, u32 = {4, ProtoField.uint32}, status = {4, ProtoField.uint32},
	i64 = {8, ProtoField.int64}, u64 = {8, ProtoField.uint64},
	f32 = {4, ProtoField.float}, f64 = {8, ProtoField.double},
}

-- --- fields for filters: idl.INTERFACE.OPERATION.PARAMETER, idl.FILE.STRUCT.MEMBER ---

local function is_bytes(shape)
	return (shape[1] == "array" or shape[1] == "pipe") and not shape.string and scalars[shape[2][1]] and scalars[shape[2][1]][1] == 1
end

local function field_new(abbreviation, name, shape)
	local kind = shape[1]

	if shape.string then
		return ProtoField.string(abbreviation, name)
	elseif is_bytes(shape) or kind == "object" then
		return ProtoField.bytes(abbreviation, name)
	elseif kind == "ptr" then
		return field_new(abbreviation, name, shape[3])
	elseif kind == "array" or kind == "pipe" then
		return field_new(abbreviation, name, shape[2])
	elseif kind == "status" then
		return ProtoField.uint32(abbreviation, name, base.HEX_DEC)
	elseif kind == "f32" or kind == "f64" then
		return scalars[kind][2](abbreviation, name)
	elseif scalars[kind] then
		return scalars[kind][2](abbreviation, name, base.DEC)
	elseif kind == "enum16" then
		return ProtoField.uint32(abbreviation, name, base.DEC, enums[shape[2]])
	elseif kind == "enum" then
		return ProtoField.int32(abbreviation, name, base.DEC, enums[shape[2]])
	elseif kind == "i3264" then
		return ProtoField.int64(abbreviation, name, base.DEC)
	elseif kind == "u3264" then
		return ProtoField.uint64(abbreviation, name, base.DEC)
	elseif kind == "uuid" or kind == "context" then
		return ProtoField.guid(abbreviation, name)
	end
	return ProtoField.none(abbreviation, name)
end

local all_fields = {}

local function fields_register(prefix, fields)
	for _, f in ipairs(fields or {}) do
		if f[2] then
			f.field = field_new(prefix .. "." .. f[1], f[1], f[2])
			all_fields[#all_fields + 1] = f.field
		end
	end
end

for name, t in pairs(types) do
	fields_register("idl." .. stem .. "." .. name, t.fields)
	fields_register("idl." .. stem .. "." .. name, t.tag and {t.tag} or {})
end
for _, i in ipairs(interfaces) do
	for _, op in pairs(i.operations) do
		if i.is_object then
			table.insert(op.request, 1, {"ORPCTHIS", {"struct", "ORPCTHIS"}})
			table.insert(op.reply, 1, {"ORPCTHAT", {"struct", "ORPCTHAT"}})
		end
		fields_register("idl." .. i.name .. "." .. op.name, op.request)
		fields_register("idl." .. i.name .. "." .. op.name .. ".out", op.reply)
	end
end
protocol.fields = all_fields

-- --- reading: r holds tvb, at, stop, start (what alignment counts from), le, wide (NDR64), queue, seen ---

local decode

local function align(r, alignment)
	local n = type(alignment) == "table" and alignment[r.wide and 2 or 1] or alignment

	r.at = r.start + math.ceil((r.at - r.start) / n) * n
end

local function take(r, n)
	if r.at + n > r.stop then
		error({text = string.format("%d bytes are missing", r.at + n - r.stop)})
	end
	r.at = r.at + n
	return r.tvb(r.at - n, n)
end

local function number(r, n)
	local range

	align(r, n)
	range = take(r, n)
	if n == 8 then
		return (r.le and range:le_uint64() or range:uint64()):tonumber(), range
	end
	return r.le and range:le_uint() or range:uint(), range
end

-- counts and referents' numbers
local function word(r)
	return number(r, r.wide and 8 or 4)
end

local function here(r)
	return r.tvb(math.min(r.at, r.stop - 1), 1)
end

-- A subtree whose length is known when it ends.
local function open(r, tree, f, name, what)
	local item = f and f.field and tree:add(f.field, here(r)) or tree:add(here(r), name)

	item:set_text(what and name .. ": " .. what or name)
	return item
end

local function add(r, tree, f, range, name)
	local item = r.le and tree:add_le(f.field, range) or tree:add(f.field, range)

	if name ~= f[1] then
		item:set_text((item.text:gsub("^[^:]*", name, 1)))
	end
	return item
end

-- Maximum counts of an array that has them in front; of the array at a struct's end they stand before the struct.
local function sizes_of(r, array)
	local sizes = {}

	for i, d in ipairs(array.dims) do
		sizes[i] = array.open and word(r) or d.bound
	end
	return sizes
end

local function tail_of(t)
	local last = t.fields[#t.fields][2]

	return last[1] == "struct" and tail_of(types[last[2]]) or last
end

local function decode_string(r, tree, f, name, n, char)
	local size = scalars[char][1]
	local range, text

	align(r, size)
	range = n > 0 and take(r, n * size)
	if not range then
		text, range = "", here(r)
	elseif size == 2 then
		text = r.le and range:le_ustring() or range:ustring()
	else
		text = range:string()
	end
	text = text:gsub("%z.*", "")
	tree:add(f.field, range, text):set_text(name .. ': "' .. text .. '"')
end

local function decode_array(r, tree, shape, f, name)
	local sizes, n, item = r.sizes, 1, nil
	local begin = r.at

	if not shape.open or not sizes then
		sizes = sizes_of(r, shape)
	else
		r.sizes = nil
	end
	for i = 1, #sizes do
		if shape.varying then
			word(r)
			n = n * word(r)
		else
			n = n * sizes[i]
		end
	end
	if shape.string then
		decode_string(r, tree, f, name, n, shape[2][1])
		return
	end
	if is_bytes(shape) then
		if n > 0 then
			tree:add(f.field, take(r, n))
		else
			open(r, tree, nil, name, "no bytes")
		end
		return
	end
	item = open(r, tree, nil, name, string.format("%d elements", n))
	begin = r.at
	for i = 0, n - 1 do
		if shape[2][1] == "union" then
			align(r, types[shape[2][2]].element_align or 1)
		end
		decode(r, item, shape[2], f, "[" .. i .. "]")
	end
	item:set_len(math.max(1, math.min(r.at, r.stop) - begin))
end

local function decode_struct(r, tree, shape, f, name)
	local t = types[shape[2]]
	local item, begin

	if t.conformant and not r.sizes then
		r.sizes = sizes_of(r, tail_of(t))
	end
	align(r, t.align)
	item, begin = open(r, tree, f, name, shape[2]), r.at
	for _, member in ipairs(t.fields) do
		decode(r, item, member[2], member, member[1])
	end
	if r.wide and not t.conformant and not t.ends_varying then
		align(r, t.align)
	end
	item:set_len(math.max(1, math.min(r.at, r.stop) - begin))
end

-- Also what an encapsulated union is.
local function decode_union(r, tree, shape, f, name)
	local t = types[shape[2]]
	local item, begin, tag, arm

	align(r, t.align)
	item, begin = open(r, tree, f, name, shape[2]), r.at
	tag = decode(r, item, t.tag[2], t.tag, t.tag[1])
	align(r, t.arm_align)
	arm = t.cases[tag] or t.default
	if not arm then
		error({text = string.format("%s has no arm for %d", shape[2], tag)})
	end
	if t.fields[arm][2] then
		decode(r, item, t.fields[arm][2], t.fields[arm], t.fields[arm][1])
	end
	item:set_len(math.max(1, math.min(r.at, r.stop) - begin))
end

local function decode_pointer(r, tree, shape, f, name)
	local id, range = word(r)
	local item = tree:add(range, string.format("%s: %s pointer 0x%08x", name, shape[2], id))

	if id == 0 and shape[2] ~= "ref" then
		item:set_text(name .. ": NULL")
	elseif shape[2] == "full" and r.seen[id] then
		item:append_text(", as above")
	else
		r.seen[id] = true
		r.queue[#r.queue + 1] = {item, shape[3], f, name}
	end
end

local function decode_pipe(r, tree, shape, f, name)
	local item, total, n = open(r, tree, nil, name), 0, nil

	repeat
		n = word(r)
		if is_bytes(shape) and n > 0 then
			item:add(f.field, take(r, n))
		end
		for i = total, is_bytes(shape) and -1 or total + n - 1 do
			decode(r, item, shape[2], f, "[" .. i .. "]")
		end
		total = total + n
		if r.wide then
			number(r, 8)
		end
	until n == 0
	item:set_text(string.format("%s: pipe, %d elements", name, total))
end

local decoders = {array = decode_array, struct = decode_struct, union = decode_union, ptr = decode_pointer,
	pipe = decode_pipe}

function decoders.uuid(r, tree, shape, f, name)
	align(r, 4)
	add(r, tree, f, take(r, 16), name)
end

function decoders.context(r, tree, shape, f, name)
	align(r, 4)
	take(r, 4)
	add(r, tree, f, take(r, 16), name)
end

function decoders.enum16(r, tree, shape, f, name)
	local value, range = number(r, r.wide and 4 or 2)

	add(r, tree, f, range, name)
	return value
end

function decoders.i3264(r, tree, shape, f, name)
	local _, range = word(r)

	add(r, tree, f, range, name)
end
decoders.u3264 = decoders.i3264

function decoders.object(r, tree, shape, f, name)
	local n

	word(r)
	n = number(r, 4)
	if n > 0 then
		tree:add(f.field, take(r, n))
	end
end

function decoders.ignored(r, tree, shape, f, name)
	local _, range = word(r)

	tree:add(range, name .. ": ignored")
end

function decode(r, tree, shape, f, name)
	local kind = shape[1] == "enum" and "i32" or shape[1]
	local range

	if decoders[kind] then
		return decoders[kind](r, tree, shape, f, name)
	end
	align(r, scalars[kind][1])
	range = take(r, scalars[kind][1])
	add(r, tree, f, range, name)
	if kind == "i64" or kind == "u64" then
		return (r.le and range:le_int64() or range:int64()):tonumber()
	elseif kind:sub(1, 1) == "i" then
		return r.le and range:le_int() or range:int()
	elseif kind:sub(1, 1) ~= "f" then
		return r.le and range:le_uint() or range:uint()
	end
end

-- What a pointer points to follows the construction that holds it, and its own pointers come before its siblings'.
local function drain(r)
	local waiting = r.queue

	while #waiting > 0 do
		local item, shape, f, name = unpack(table.remove(waiting, 1))

		r.queue = {}
		decode(r, item, shape, f, name)
		for i = #r.queue, 1, -1 do
			table.insert(waiting, 1, r.queue[i])
		end
	end
	r.queue = {}
end

local function parameters(r, tree, list)
	for _, f in ipairs(list) do
		local shape = f[2]

		if shape[1] == "ptr" and shape[2] == "ref" then
			shape = shape[3] -- no number at the top
		end
		decode(r, tree, shape, f, f[1])
		drain(r)
	end
end

-- --- the PDUs of a frame ---

local type_of, stream_of = Field.new("dcerpc.pkt_type"), Field.new("tcp.stream")
local contexts, offered, questions, parts, wholes = {}, {}, {}, {}, {}
local NDR64 = "71710533-beba-4937-8319-b5dbef9ccc36"

local function u16(p, at)
	local range = p.tvb(p.at + at, 2)

	return p.le and range:le_uint() or range:uint()
end

local function u32(p, at)
	local range = p.tvb(p.at + at, 4)

	return p.le and range:le_uint() or range:uint()
end

local function uuid(p, at)
	local rest = p.tvb(p.at + at + 8, 8):bytes():tohex(true)

	return string.format("%08x-%04x-%04x-%s-%s", u32(p, at), u16(p, at + 4), u16(p, at + 6), rest:sub(1, 4), rest:sub(5))
end

local function interface_find(id, major)
	for _, i in ipairs(interfaces) do
		if i.uuid == id and i.major == major then
			return i
		end
	end
end

-- bind, alter_context: C706 12.6.4.3
local function on_offer(p)
	local list, at = {}, 28

	for _ = 1, p.tvb(p.at + 24, 1):uint() do
		list[#list + 1] = {u16(p, at), interface_find(uuid(p, at + 4), u32(p, at + 20) % 65536)}
		at = at + 24 + 20 * p.tvb(p.at + at + 2, 1):uint()
	end
	offered[p.stream .. "/" .. p.call] = list
end

-- bind_ack, alter_context_resp: C706 12.6.4.4
local function on_answer(p)
	local list, at = offered[p.stream .. "/" .. p.call], 26 + u16(p, 24)

	at = math.ceil(at / 4) * 4
	for i = 1, list and p.tvb(p.at + at, 1):uint() or 0 do
		local result = at + 4 + 24 * (i - 1)

		if list[i] and list[i][2] and u16(p, result) == 0 then
			contexts[p.stream .. "/" .. list[i][1]] = {list[i][2], uuid(p, result + 4) == NDR64}
		end
	end
end

local function show(p, pinfo, tree, context, opnum, tvb, at, stop)
	local interface, op = context[1], context[1].operations[opnum]
	local direction = p.type == 0 and "request" or "reply"
	local item = tree:add(protocol, tvb(at, stop - at))
	local r = {tvb = tvb, at = at, start = at, stop = stop, le = p.le, wide = context[2], queue = {}, seen = {}}
	local fine, what

	if not op then
		item:set_text(string.format("%s, operation %d, which it does not have", interface.name, opnum))
		return
	end
	item:set_text(string.format("%s.%s, %s, %s", interface.name, op.name, direction, r.wide and "NDR64" or "NDR"))
	pinfo.cols.info:append(string.format(" %s.%s %s", interface.name, op.name, direction))
	fine, what = pcall(parameters, r, item, op[direction])
	if not fine then
		item:add_proto_expert_info(wrong, type(what) == "table" and what.text or tostring(what))
	elseif r.at < r.stop then
		item:add(tvb(r.at, r.stop - r.at), "Behind the parameters"):add_proto_expert_info(rest,
			string.format("There are %d bytes behind the parameters", r.stop - r.at))
	end
end

-- A fragment's stub data; what came in several is put together with the last one.
local function on_stub(p, pinfo, tree, context, opnum, begin)
	local first, last = p.flags % 2 == 1, p.flags % 4 >= 2
	local stop = p.at + u16(p, 8)
	local auth = u16(p, 10)
	local key = p.stream .. "/" .. p.call .. "/" .. p.type
	local place = pinfo.number .. "/" .. p.at

	if auth > 0 then
		local trailer = stop - auth - 8

		if p.tvb(trailer + 1, 1):uint() == 6 then
			return -- encrypted
		end
		stop = trailer - p.tvb(trailer + 2, 1):uint()
	end
	begin = p.at + begin
	if first and last then
		if stop > begin then
			show(p, pinfo, tree, context, opnum, p.tvb, begin, stop)
		end
		return
	end
	if not pinfo.visited and not wholes[place] then
		parts[key] = (first and ByteArray.new() or parts[key] or ByteArray.new()) .. p.tvb(begin, stop - begin):bytes()
		wholes[place] = last and parts[key] or true
	end
	if last and wholes[place] and wholes[place] ~= true then
		local whole = wholes[place]:tvb(context[1].name)

		show(p, pinfo, tree, context, opnum, whole, 0, whole:len())
	end
end

local function on_request(p, pinfo, tree)
	local context, opnum = contexts[p.stream .. "/" .. u16(p, 20)], u16(p, 22)

	if context then
		questions[p.stream .. "/" .. p.call] = {context, opnum}
		on_stub(p, pinfo, tree, context, opnum, p.flags >= 128 and 40 or 24)
	end
end

local function on_response(p, pinfo, tree)
	local question = questions[p.stream .. "/" .. p.call]

	if question then
		on_stub(p, pinfo, tree, question[1], question[2], 24)
	end
end

local handlers = {[0] = on_request, [2] = on_response, [11] = on_offer, [12] = on_answer, [14] = on_offer,
	[15] = on_answer}

function protocol.dissector(tvb, pinfo, tree)
	local stream = stream_of()

	for _, field in ipairs({type_of()}) do
		local p = {tvb = field.source, at = field.offset - 2, type = field.value,
			stream = stream and tostring(stream.value) or "-"}

		if p.at >= 0 and p.tvb(p.at, 1):uint() == 5 and handlers[p.type] then
			p.flags = p.tvb(p.at + 3, 1):uint()
			p.le = p.tvb(p.at + 4, 1):uint() >= 16
			p.call = u32(p, 12)
			handlers[p.type](p, pinfo, tree)
		end
	end
end

register_postdissector(protocol)
