// A Section that writes down what is declared, and the values held: reference, schema and resolved deck are
// three ways to print the result.
#pragma once

#include <nlohmann/json.hpp>

#include "input/OptionTypes.hpp"
#include "input/Restrictions.hpp"
#include "weir/input/Section.hpp"

namespace weir {

/// One key of a section (or a choice between several), with what stands below it.
struct Outline {
  enum class Kind { option, section, list, choice } kind;
  std::string key;  ///< empty for a choice
  std::string doc;
  bool required = false;

  // What an option has.
  OptionForm form{};
  nlohmann::ordered_json value = {};
  Restrictions restrictions = {};

  // What a section, an alternative or a list has.
  std::string shorthand = {};
  bool optional = false;  ///< may be true, false or null
  bool there = true;      ///< whether the values hold it: an optional section, an alternative chosen
  std::vector<Outline> entries = {};  ///< keys of a section or of a list's entries; alternatives of a choice
  std::vector<std::vector<Outline>> items = {};  ///< a list's entries as they are
};

class SectionOutline : public Section {
 public:
  static std::vector<Outline> of(const std::string& path, const std::function<void(Section&)>& describe);

  std::string path() const override { return path_; }
  bool reading() const override { return false; }
  bool given(const std::string&) const override { return false; }
  void error(const std::string&, const std::string&) override {}

 protected:
  void declare(const std::string& name, OptionValue value, const std::string& doc, bool required) override;
  void nested(const std::string& name, const std::string& doc, const std::string& shorthand, bool must,
              const std::function<void(Section&)>& inner) override;
  void optional_nested(const std::string& name, const std::string& doc, const std::string& shorthand,
                       bool there_by_default, const std::function<void(bool)>& set,
                       const std::function<void(Section&)>& inner) override;
  void nested_list(const std::string& name, const std::string& doc, bool must, Index size,
                   const std::function<void(Index)>& resize,
                   const std::function<void(Index, Section&)>& inner) override;
  void choose(const std::vector<Alternative>& alternatives, const std::string& doc,
              bool may_be_absent) override;
  void restrict(const std::string& name, const OptionRestriction& restriction) override;

 private:
  explicit SectionOutline(std::string path) : path_(std::move(path)) {}
  Outline& add(Outline::Kind kind, const std::string& key, const std::string& doc, bool required);

  std::string path_;
  std::vector<Outline> entries_;
};

}  // namespace weir
