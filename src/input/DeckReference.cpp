#include <map>

#include "input/DeckDescription.hpp"
#include "input/SectionOutline.hpp"
#include "input/Suggestion.hpp"
#include "weir/input/DeckDocuments.hpp"

namespace weir {

namespace {

using Kind = Outline::Kind;
using Element = OptionForm::Element;

std::string code(const std::string& text) {
  return "`" + text + "`";
}

// Bars would end a cell.
std::string cell(const std::string& text) {
  std::string result;
  for (char letter : text) result += letter == '|' ? std::string("\\|") : std::string(1, letter);
  return result;
}

std::string row(const std::vector<std::string>& cells) {
  std::string text = "|";
  for (const auto& each : cells) text += " " + cell(each) + " |";
  return text + "\n";
}

std::string codes(const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  for (const auto& name : names) quoted.push_back(code(name));
  return joined(quoted);
}

std::string type_name(const OptionForm& form) {
  static const std::map<Element, std::array<const char*, 2>> names{
      {Element::boolean, {"true or false", "truth values"}},
      {Element::integer, {"integer", "integers"}},
      {Element::number, {"number", "numbers"}},
      {Element::text, {"text", "words"}},
      {Element::path, {"path", "paths"}}};
  const auto [one, several] = names.at(form.element);
  std::string text = one;
  if (form.pair)
    text = fmt::format("two {}", several);
  else if (form.matrix)
    text = fmt::format("{}, diagonal or matrix", one);
  else if (form.list)
    text = fmt::format("{} or list of {}", one, several);
  if (form.word) text += " or word";
  if (form.null) text += " or null";
  return text;
}

std::string default_text(const Outline& option) {
  if (option.required) return "required";
  if (option.value.is_null() || option.value == "") return "none";
  return code(option.value.is_string() ? option.value.get<std::string>() : option.value.dump());
}

std::string allowed_text(const Restrictions& allowed) {
  std::string text;
  for (const auto& part : {allowed.range(), codes(allowed.names), allowed.number_of_entries()})
    if (!part.empty()) text += (text.empty() ? "" : "; ") + part;
  return text;
}

std::string row_of_choice(const Outline& choice, bool may_be_left_out) {
  std::vector<std::string> names;
  std::string chosen, docs;
  for (const auto& alternative : choice.entries) {
    names.push_back(alternative.key);
    if (alternative.there) chosen = alternative.key;
    if (!alternative.doc.empty())
      docs += (docs.empty() ? ": " : "; ") + code(alternative.key) + " " + alternative.doc;
  }
  std::string value = choice.required ? "required" : chosen.empty() ? "none" : code(chosen);
  if (choice.required && may_be_left_out && !chosen.empty()) value = "without the section: " + code(chosen);
  return row({codes(names), choice.required ? "exactly one of these" : "at most one of these", value, "",
              choice.doc + docs});
}

// `may_be_left_out`: whether the section that the entry stands in has a default.
std::string row_of(const Outline& entry, bool may_be_left_out) {
  switch (entry.kind) {
    case Kind::option: {
      const std::string& unit = entry.restrictions.unit;
      return row({code(entry.key), type_name(entry.form) + (unit.empty() ? "" : " [" + unit + "]"),
                  default_text(entry), allowed_text(entry.restrictions), entry.doc});
    }
    case Kind::section: {
      const std::string type =
          entry.shorthand.empty() ? "map" : "map, or the value of " + code(entry.shorthand);
      const std::string value = entry.required ? "required" : entry.optional && !entry.there ? "`false`" : "";
      return row({code(entry.key), type, value, entry.optional ? "`true`, `false`" : "", entry.doc});
    }
    case Kind::list: {
      const std::string value = entry.required ? "required" : entry.items.empty() ? "`[]`" : "";
      return row({code(entry.key), "list of maps", value, "", entry.doc});
    }
    case Kind::choice:
      break;
  }
  return row_of_choice(entry, may_be_left_out);
}

class MarkdownWriter {
 public:
  std::string text;

  // The keys of a section, then a heading for each section below it. What has been shown under another path
  // already (the rules of an optimiser, say) is referred to.
  void write(const std::string& path, const std::string& heading, const Outline& section,
             bool may_be_left_out) {
    if (section.entries.empty()) return;
    text += "\n" + heading + " " + code(path) + "\n\n" + (section.doc.empty() ? "" : section.doc + "\n\n");
    const auto [shown, is_new] = shown_.emplace(everything_below(section.entries), path);
    if (!is_new) {
      text += "Keys and sections as in " + code(shown->second) + ".\n";
      return;
    }
    text += table_of(section.entries, may_be_left_out);
    write_below(path, section.entries);
  }

 private:
  void write_below(const std::string& path, const std::vector<Outline>& entries) {
    for (const auto& entry : entries) {
      const std::string below = path + "." + entry.key;
      if (entry.kind == Kind::choice)
        for (const auto& alternative : entry.entries)
          write(path + "." + alternative.key, "###", alternative, false);
      if (entry.kind == Kind::section) write(below, "###", entry, !entry.required && !entry.optional);
      if (entry.kind == Kind::list) write(below, "###", entry, false);
    }
  }

  static std::string table_of(const std::vector<Outline>& entries, bool may_be_left_out) {
    std::string table = row({"key", "type", "default", "allowed", "what it is"}) + "|---|---|---|---|---|\n";
    for (const auto& entry : entries) table += row_of(entry, may_be_left_out);
    return table;
  }

  static std::string everything_below(const std::vector<Outline>& entries) {
    std::string all = table_of(entries, false);
    for (const auto& entry : entries)
      if (entry.kind != Kind::option) all += entry.key + "{" + everything_below(entry.entries) + "}";
    return all;
  }

  std::map<std::string, std::string> shown_;  // content of a section -> where it was shown first
};

const char* const introduction = R"(# Reference of decks

A deck is a YAML file with `weir: 1`, a section `run` and the section of exactly one method.

* Where several keys are alternatives, exactly one of them stands in the section. An alternative whose
  parameters all keep their defaults may be given by its name alone: `potential: flat`.
* A section with a shorthand may be given by the value of that one key.
* An optional section may be `false` (left out) or `true` (all its defaults).
* A list of maps may be one map; a list of values may be one value.
* File paths are relative to the deck.
)";

}  // namespace

std::string deck_reference(const std::vector<DeckMethod>& methods) {
  DeckContent content;
  MarkdownWriter writer;
  writer.text = introduction;
  const auto root = SectionOutline::of("", [&](Section& section) { describe(section, content, methods); });
  for (const auto& entry : root) {
    if (entry.kind == Kind::section) writer.write(entry.key, "##", entry, true);
    if (entry.kind == Kind::choice)
      for (const auto& method : entry.entries) writer.write(method.key, "##", method, false);
  }
  return writer.text;
}

}  // namespace weir
