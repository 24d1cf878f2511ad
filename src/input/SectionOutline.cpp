#include "input/SectionOutline.hpp"

#include <algorithm>

namespace weir {

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
  option.form = value.type->form();
  option.value = value.type->json(value.held);
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
