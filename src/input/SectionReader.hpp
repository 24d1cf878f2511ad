// A Section that reads a deck: every declared key is looked up, checked and stored.
#pragma once

#include <filesystem>
#include <map>

#include "input/DeckNode.hpp"
#include "input/Restrictions.hpp"
#include "weir/base/Error.hpp"
#include "weir/input/Section.hpp"

namespace weir {

/// What the sections of one deck share while it is read.
struct Reading {
  std::filesystem::path folder;               ///< that paths are relative to
  std::vector<InputError::Problem> problems;  ///< all that was found so far
};

class SectionReader : public Section {
 public:
  /// Reads `describe`'s options from `node`: a map, nothing (all defaults), a bare word (an alternative's
  /// name), or with `shorthand` whatever that key may hold. Problems go to `reading`.
  static void read(const DeckNode& node, const std::string& path, const std::string& shorthand,
                   Reading& reading, const std::function<void(Section&)>& describe);

  std::string path() const override { return path_; }
  bool reading() const override { return true; }
  bool given(const std::string& name) const override { return node_.find(name) != nullptr; }
  void error(const std::string& name, const std::string& message) override;

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
  SectionReader(const DeckNode& node, std::string path, Reading& reading)
      : node_(node), path_(std::move(path)), reading_(reading) {}

  struct DeclaredOption {
    OptionValue value;
    bool was_read;
    Restrictions restrictions;
  };

  const DeckNode* look_up(const std::string& name, const std::string& doc, bool required);
  const Alternative* find_chosen(const std::vector<Alternative>& alternatives, const std::string& doc,
                                 bool may_be_absent);
  // What is known only when all keys have been declared.
  void finish();
  void check_bare_word();
  void check_unknown_keys();
  void check_missing_choices();
  std::vector<std::string> names_of_alternatives() const;

  struct MissingChoice {
    std::vector<std::string> names;
    std::string doc;
  };

  const DeckNode& node_;  // a map, or a bare word that names an alternative
  std::string path_;
  Reading& reading_;
  std::vector<std::string> known_keys_;
  std::vector<std::string> alternatives_;
  std::vector<MissingChoice> missing_choices_;
  std::vector<std::string> option_order_;
  std::map<std::string, DeclaredOption> options_;
  bool bare_word_was_used_ = false;
};

}  // namespace weir
