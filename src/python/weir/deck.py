"""The resolved deck.yaml of a run as nested dictionaries: the part of YAML that Weir itself writes."""
import json
import re


def read(text):
    lines = [(len(line) - len(line.lstrip()), line.strip()) for line in text.splitlines() if line.strip()]
    return _map(lines, 0, lines[0][0])[0] if lines else {}


def _map(lines, at, indent):
    content = {}
    while at < len(lines) and lines[at][0] == indent and not lines[at][1].startswith("- "):
        key, _, value = lines[at][1].partition(":")
        at += 1
        if value.strip():
            content[key] = _value(value.strip())
        elif at < len(lines) and lines[at][0] > indent:
            content[key], at = (_list if lines[at][1].startswith("- ") else _map)(lines, at, lines[at][0])
        else:
            content[key] = None
    return content, at


def _list(lines, at, indent):
    items = []
    while at < len(lines) and lines[at][0] == indent and lines[at][1].startswith("- "):
        inner = indent + 2
        lines[at] = (inner, lines[at][1][2:].strip())
        if lines[at][1] == "{}":
            items.append({})
            at += 1
        else:
            item, at = _map(lines, at, inner)
            items.append(item)
    return items, at


def _value(text):
    if text.startswith("["):
        return [_value(part) for part in _parts(text[1:-1])]
    if text == "{}":
        return {}
    if re.fullmatch(r"-?\d+\.0e[-+]\d+", text):
        return float(text)
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _parts(text):
    """Entries of a list, parted by the commas outside brackets and quotes."""
    parts, depth, quoted, start, escaped = [], 0, False, 0, False
    for i, letter in enumerate(text):
        if escaped:
            escaped = False
        elif letter == "\\" and quoted:
            escaped = True
        elif letter == '"':
            quoted = not quoted
        elif not quoted and letter in "[]":
            depth += 1 if letter == "[" else -1
        elif not quoted and letter == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    last = text[start:].strip()
    return parts + [last] if last else parts
