#include <map>

#include "input/DeckDescription.hpp"
#include "input/SectionOutline.hpp"
#include "weir/input/DeckDocuments.hpp"

namespace weir {

namespace {

using Json = nlohmann::ordered_json;
using Kind = Outline::Kind;
using Element = OptionForm::Element;

Json section_schema(const std::vector<Outline>& entries);

// One schema as it is, several as "any of them".
Json any_of(const std::vector<Json>& schemas) {
  if (schemas.size() == 1) return schemas[0];
  return {{"anyOf", schemas}};
}

Json element_schema(const Outline& option) {
  const Restrictions& allowed = option.restrictions;
  switch (option.form.element) {
    case Element::boolean:
      return {{"type", "boolean"}};
    case Element::path:
      return {{"type", "string"}};
    case Element::text:
      // Numbers are taken as text too: `column: 3`, `name: 007`.
      return allowed.names.empty() ? Json{{"type", {"string", "number", "boolean"}}}
                                   : Json{{"enum", allowed.names}};
    case Element::integer:
    case Element::number:
      break;
  }
  Json schema{{"type", option.form.element == Element::integer ? "integer" : "number"}};
  if (allowed.lower) schema[allowed.lower->strict ? "exclusiveMinimum" : "minimum"] = allowed.lower->value;
  if (allowed.upper) schema[allowed.upper->strict ? "exclusiveMaximum" : "maximum"] = allowed.upper->value;
  return schema;
}

Json list_schema(const Outline& option, const Json& element) {
  Json schema{{"type", "array"}, {"items", element}};
  if (option.form.pair) schema.update({{"minItems", 2}, {"maxItems", 2}});
  if (const auto& entries = option.restrictions.entries)
    schema.update({{"minItems", (*entries)[0]}, {"maxItems", (*entries)[1]}});
  return schema;
}

Json option_schema(const Outline& option) {
  const OptionForm& form = option.form;
  const auto& words = option.restrictions.names;
  const Json word = words.empty() ? Json{{"type", "string"}} : Json{{"enum", words}};
  const Json element =
      form.word && form.list ? any_of({element_schema(option), word}) : element_schema(option);
  std::vector<Json> forms;
  if (form.scalar) forms.push_back(element);
  if (form.list) forms.push_back(list_schema(option, element));
  if (form.matrix) forms.push_back({{"type", "array"}, {"items", {{"type", "array"}, {"items", element}}}});
  if (form.word) forms.push_back(word);
  if (form.null) forms.push_back({{"type", "null"}});
  return any_of(forms);
}

// What a section may be beside a map: names of its alternatives, or its shorthand's value.
void add_short_forms(const Outline& section, std::vector<Json>& forms) {
  std::vector<std::string> names;
  for (const auto& entry : section.entries) {
    if (!section.shorthand.empty() && entry.key == section.shorthand && entry.kind == Kind::option)
      forms.push_back(option_schema(entry));
    if (section.shorthand.empty() && entry.kind == Kind::choice)
      for (const auto& alternative : entry.entries) names.push_back(alternative.key);
  }
  if (!names.empty()) forms.push_back({{"enum", names}});
}

bool has_required_keys(const std::vector<Outline>& entries) {
  for (const auto& entry : entries)
    if (entry.required) return true;
  return false;
}

/// What a section may be beside a map.
std::vector<Json> other_forms(const Outline& section) {
  std::vector<Json> forms;
  add_short_forms(section, forms);
  if (section.optional) forms.push_back({{"type", {"boolean", "null"}}});
  if (!section.optional && !has_required_keys(section.entries)) forms.push_back({{"type", "null"}});
  return forms;
}

/// A map is held against the map's own schema, all else against the other forms: so an error is one of the
/// key that is wrong, and not of all forms at once.
Json by_type(const Json& map, const std::vector<Json>& others) {
  Json rest = others.empty() ? Json{{"type", "object"}} : any_of(others);
  return {{"if", {{"type", "object"}}}, {"then", map}, {"else", rest}};
}

Json entry_schema(const Outline& entry) {
  Json schema;
  if (entry.kind == Kind::option) {
    schema = option_schema(entry);
    if (!entry.required) schema["default"] = entry.value;
  } else {
    schema = by_type(section_schema(entry.entries), other_forms(entry));
    if (entry.kind == Kind::list) {
      const Json list{{"type", "array"}, {"items", schema}};
      std::vector<Json> others = other_forms(entry);
      if (!entry.required) others.push_back({{"enum", {false, nullptr}}});
      schema = {{"if", {{"type", "array"}}},
                {"then", list},
                {"else", by_type(section_schema(entry.entries), others)}};
      if (entry.required) schema["then"]["minItems"] = 1;
    }
  }
  const std::string& unit = entry.restrictions.unit;
  if (!entry.doc.empty()) schema["description"] = entry.doc + (unit.empty() ? "" : " (" + unit + ")");
  return schema;
}

// Exactly one of the keys, or for a choice that may be absent none.
Json choice_schema(const Outline& choice) {
  Json one_of = Json::array(), any_of = Json::array();
  for (const auto& alternative : choice.entries) {
    one_of.push_back({{"required", {alternative.key}}});
    any_of.push_back({{"required", {alternative.key}}});
  }
  if (!choice.required) one_of.push_back({{"not", {{"anyOf", any_of}}}});
  return {{"oneOf", one_of}};
}

Json section_schema(const std::vector<Outline>& entries) {
  Json schema{{"type", "object"}};
  Json properties = Json::object(), required = Json::array(), choices = Json::array();
  for (const auto& entry : entries) {
    if (entry.kind == Kind::choice) {
      choices.push_back(choice_schema(entry));
      for (const auto& alternative : entry.entries) properties[alternative.key] = entry_schema(alternative);
    } else {
      properties[entry.key] = entry_schema(entry);
      if (entry.required) required.push_back(entry.key);
    }
  }
  schema["properties"] = properties;
  if (!required.empty()) schema["required"] = required;
  schema["additionalProperties"] = false;
  if (!choices.empty()) schema["allOf"] = choices;
  return schema;
}

}  // namespace

namespace {

// Sections that stand in several places (every optimiser, every network) are written once, under $defs.
class Definitions {
 public:
  Json definitions = Json::object();

  void count(const Json& schema) {
    if (is_section(schema)) ++uses_[schema.dump()];
    for (const auto& part : schema)
      if (part.is_structured()) count(part);
  }

  void share(Json& schema) {
    const std::string content = is_section(schema) ? schema.dump() : "";
    for (auto& part : schema)
      if (part.is_structured()) share(part);
    if (content.size() < least_size || uses_[content] < 2) return;
    const auto [name, is_new] = names_.emplace(content, "section" + std::to_string(names_.size() + 1));
    if (is_new) definitions[name->second] = schema;
    schema = {{"$ref", "#/$defs/" + name->second}};
  }

 private:
  static constexpr size_t least_size = 200;  // what is shorter is no longer than a reference is worth
  static bool is_section(const Json& schema) { return schema.is_object() && schema.contains("properties"); }

  std::map<std::string, int> uses_;
  std::map<std::string, std::string> names_;
};

}  // namespace

std::string deck_schema(const std::vector<DeckMethod>& methods) {
  DeckContent content;
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "Weir deck"}};
  schema.update(
      section_schema(SectionOutline::of("", [&](Section& section) { describe(section, content, methods); })));
  Definitions shared;
  for (const auto& part : schema) shared.count(part);
  for (auto& part : schema) shared.share(part);
  schema["$defs"] = shared.definitions;
  return schema.dump(2) + "\n";
}

}  // namespace weir
