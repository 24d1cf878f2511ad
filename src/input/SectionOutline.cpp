#include "input/SectionOutline.hpp"

#include <algorithm>

namespace weir {

namespace {

using Json = nlohmann::ordered_json;
using Element = OptionForm::Element;

// A class, so that each overload sees all others.
struct Forms {
  static OptionForm of(const bool*) { return {Element::boolean}; }
  static OptionForm of(const int*) { return {Element::integer}; }
  static OptionForm of(const Index*) { return {Element::integer}; }
  static OptionForm of(const Real*) { return {Element::number}; }
  static OptionForm of(const std::string*) { return {Element::text}; }
  static OptionForm of(const PathValue*) { return {Element::path}; }
  static OptionForm of(const std::array<Index, 2>*) { return {Element::integer, false, true, true}; }
  static OptionForm of(const VectorValue*) { return {Element::number, true, true}; }
  static OptionForm of(const MatrixValue*) { return {Element::number, true, true, false, true}; }
  template <class T>
  static OptionForm of(const std::optional<T>*) {
    OptionForm form = of(static_cast<const T*>(nullptr));
    form.null = true;
    return form;
  }
  template <class T>
  static OptionForm of(const std::vector<T>*) {
    OptionForm form = of(static_cast<const T*>(nullptr));
    form.list = true;
    return form;
  }
  template <class T>
  static OptionForm of(const NumberOrWord<T>*) {
    OptionForm form = of(static_cast<const T*>(nullptr));
    form.word = true;
    return form;
  }
};

template <class T>
Json json_of(const T& value) {
  return value;
}
Json json_of(const PathValue& value) {
  return value.path;
}
template <class T>
Json json_of(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}
template <class T>
Json json_of(const NumberOrWord<T>& value) {
  return value.is_word() ? Json(value.word) : Json(value.number);
}
Json json_of(const VectorValue& value) {
  return value.values.size() == 1 ? Json(value.values[0]) : Json(value.values);
}
Json json_of(const MatrixValue& value) {
  return value.rows.size() == 1 ? json_of(VectorValue(value.rows[0])) : Json(value.rows);
}
Json json_of(const std::vector<PathValue>& values) {
  Json list = Json::array();
  for (const auto& value : values) list.push_back(value.path);
  return list;
}

}  // namespace

std::vector<Outline> SectionOutline::of(const std::string& path,
                                        const std::function<void(Section&)>& describe) {
  SectionOutline section(path);
  describe(section);
  return std::move(section.entries_);
}

Outline& SectionOutline::add(Outline::Kind kind, const std::string& key, const std::string& doc,
                             bool required) {
  entries_.push_back({kind, key, doc, required});
  return entries_.back();
}

void SectionOutline::declare(const std::string& name, OptionValue value, const std::string& doc,
                             bool required) {
  Outline& option = add(Outline::Kind::option, name, doc, required);
  std::visit(
      [&](const auto* held) {
        option.form = Forms::of(held);
        option.value = json_of(*held);
      },
      value);
}

void SectionOutline::restrict(const std::string& name, const OptionRestriction& restriction) {
  const auto option =
      std::find_if(entries_.rbegin(), entries_.rend(), [&](const Outline& each) { return each.key == name; });
  option->restrictions.add(restriction);
}

void SectionOutline::nested(const std::string& name, const std::string& doc, const std::string& shorthand,
                            bool must, const std::function<void(Section&)>& inner) {
  Outline& section = add(Outline::Kind::section, name, doc, must);
  section.shorthand = shorthand;
  section.entries = of(Section::path(name), inner);
}

void SectionOutline::optional_nested(const std::string& name, const std::string& doc,
                                     const std::string& shorthand, bool there_by_default,
                                     const std::function<void(bool)>&,
                                     const std::function<void(Section&)>& inner) {
  Outline& section = add(Outline::Kind::section, name, doc, false);
  section.shorthand = shorthand;
  section.optional = true;
  section.there = there_by_default;
  section.entries = of(Section::path(name), inner);
}

void SectionOutline::nested_list(const std::string& name, const std::string& doc, bool must, Index size,
                                 const std::function<void(Index)>&,
                                 const std::function<void(Index, Section&)>& inner) {
  Outline& list = add(Outline::Kind::list, name, doc, must);
  // Past the end stands an entry with all its defaults.
  list.entries = of(Section::path(name), [&](Section& section) { inner(size, section); });
  for (Index i = 0; i < size; ++i)
    list.items.push_back(of(Section::path(name), [&](Section& section) { inner(i, section); }));
}

void SectionOutline::choose(const std::vector<Alternative>& alternatives, const std::string& doc,
                            bool may_be_absent) {
  Outline& choice = add(Outline::Kind::choice, "", doc, !may_be_absent);
  for (const auto& each : alternatives) {
    Outline alternative{Outline::Kind::section, each.key, each.doc};
    alternative.shorthand = each.shorthand;
    alternative.there = each.is_selected();
    alternative.entries = of(Section::path(each.key), each.describe);
    choice.entries.push_back(std::move(alternative));
  }
}

}  // namespace weir
