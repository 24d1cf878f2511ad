#include "input/SectionReader.hpp"

#include <algorithm>

#include "input/OptionTypes.hpp"
#include "input/Scalars.hpp"
#include "input/Suggestion.hpp"

namespace weir {

namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

DeckNode map_at(const Place& place) {
  DeckNode map;
  map.kind = DeckNode::Kind::map;
  map.place = place;
  return map;
}

bool is_truth(const DeckNode& node, bool truth) {
  return node.is_scalar() && !node.quoted && parse_bool(node.text) == truth;
}

/// `split: 0.4` and `--set split.test=0`, together: the short form as its key, unless that is set too; false
/// and true as a map of what is set; an alternative's name as that alternative.
DeckNode in_full(const DeckNode& node, const std::string& shorthand) {
  DeckNode full = map_at(node.place);
  const DeckNode& was = *node.find(short_form_key);
  if (!shorthand.empty() && !parse_bool(was.text))
    full.set(shorthand, was);
  else if (shorthand.empty() && was.is_scalar() && was.text != short_form_key && !parse_bool(was.text))
    full.set(was.text, map_at(was.place));
  for (size_t i = 0; i < node.keys.size(); ++i)
    if (node.keys[i] != short_form_key) full.set(node.keys[i], node.children[i]);
  return full;
}

// A word that could name an alternative: no number, no truth value.
bool is_word(const DeckNode& node) {
  return node.is_scalar() && node.found().front() == '"';
}

}  // namespace

void SectionReader::read(const DeckNode& node, const std::string& path, const std::string& shorthand,
                         Reading& reading, const std::function<void(Section&)>& describe) {
  if (node.find(short_form_key)) return read(in_full(node, shorthand), path, shorthand, reading, describe);
  DeckNode stands_for = map_at(node.place);
  const DeckNode* map = &stands_for;
  if (node.is_map() || (shorthand.empty() && is_word(node))) {
    map = &node;
  } else if (!node.is_null() && !shorthand.empty()) {
    stands_for.set(shorthand, node);
  } else if (!node.is_null()) {
    reading.problems.push_back({path, "expected a map, found " + node.found()});
    return;
  }
  SectionReader section(*map, path, reading);
  describe(section);
  section.finish();
}

void SectionReader::error(const std::string& name, const std::string& message) {
  reading_.problems.push_back({Section::path(name), message});
}

const DeckNode* SectionReader::look_up(const std::string& name, const std::string& doc, bool required) {
  known_keys_.push_back(name);
  const DeckNode* node = node_.find(name);
  if (required && !node) error(name, "missing, and required: " + doc);
  return node;
}

void SectionReader::declare(const std::string& name, OptionValue value, const std::string& doc,
                            bool required) {
  const DeckNode* node = look_up(name, doc, required);
  bool was_read = false;
  if (const DeckNode* whole = node ? node->find(short_form_key) : nullptr) {
    error(name, fmt::format("holds {}, not a map; set {} as a whole", whole->found(), Section::path(name)));
    node = nullptr;
  }
  if (node) try {
      value.type->read(*node, Section::path(name), reading_.folder, value.held);
      was_read = true;
    } catch (const InputError& error) {
      reading_.problems.insert(reading_.problems.end(), error.problems().begin(), error.problems().end());
    }
  option_order_.push_back(name);
  options_.insert_or_assign(name, DeclaredOption{value, was_read, {}});
}

void SectionReader::restrict(const std::string& name, const OptionRestriction& restriction) {
  options_.at(name).restrictions.add(restriction);
}

void SectionReader::nested(const std::string& name, const std::string& doc, const std::string& shorthand,
                           bool must, const std::function<void(Section&)>& inner) {
  if (const DeckNode* node = look_up(name, doc, must))
    read(*node, Section::path(name), shorthand, reading_, inner);
}

void SectionReader::optional_nested(const std::string& name, const std::string& doc,
                                    const std::string& shorthand, bool, const std::function<void(bool)>& set,
                                    const std::function<void(Section&)>& inner) {
  const DeckNode* node = look_up(name, doc, false);
  if (!node) return;
  const bool off = node->is_null() || is_truth(*node, false);
  set(!off);
  if (off) return;
  const DeckNode defaults = map_at(node->place);
  read(is_truth(*node, true) ? defaults : *node, Section::path(name), shorthand, reading_, inner);
}

void SectionReader::nested_list(const std::string& name, const std::string& doc, bool must, Index,
                                const std::function<void(Index)>& resize,
                                const std::function<void(Index, Section&)>& inner) {
  const DeckNode* node = look_up(name, doc, must);
  if (!node) return;
  const bool several = node->is_list() || node->is_null() || is_truth(*node, false);
  const Index size = several ? Index(node->children.size()) : 1;
  if (must && size == 0) error(name, "found an empty list; allowed: at least one entry");
  resize(0);  // drops the default's entries
  resize(size);
  for (Index i = 0; i < size; ++i) {
    const std::string key = Section::path(name) + (several ? "." + std::to_string(i) : "");
    read(several ? node->children[i] : *node, key, "", reading_, [&](Section& entry) { inner(i, entry); });
  }
}

void SectionReader::choose(const std::vector<Alternative>& alternatives, const std::string& doc,
                           bool may_be_absent) {
  for (const auto& each : alternatives) {
    known_keys_.push_back(each.key);
    alternatives_.push_back(each.key);
  }
  const Alternative* chosen = find_chosen(alternatives, doc, may_be_absent);
  if (!chosen) return;
  chosen->select();
  const DeckNode no_parameters = map_at(node_.place);
  const DeckNode* node = node_.find(chosen->key);
  read(node ? *node : no_parameters, Section::path(chosen->key), chosen->shorthand, reading_,
       chosen->describe);
}

const Alternative* SectionReader::find_chosen(const std::vector<Alternative>& alternatives,
                                              const std::string& doc, bool may_be_absent) {
  std::vector<const Alternative*> found;
  std::vector<std::string> names, found_names;
  for (const auto& each : alternatives) {
    names.push_back(each.key);
    if (!given(each.key) && !(node_.is_scalar() && node_.text == each.key)) continue;
    found.push_back(&each);
    found_names.push_back(each.key);
  }
  if (found.empty() && !may_be_absent && !node_.is_scalar()) missing_choices_.push_back({names, doc});
  if (found.size() > 1)
    error(found_names.back(),
          fmt::format("found {} at once; allowed: exactly one of {}", joined(found_names), joined(names)));
  if (node_.is_scalar() && !found.empty()) bare_word_was_used_ = true;
  return found.size() == 1 ? found[0] : nullptr;
}

void SectionReader::finish() {
  for (const auto& name : option_order_) {
    const DeclaredOption& option = options_.at(name);
    if (!option.was_read) continue;
    const auto problems = option.restrictions.check(option.value, Section::path(name));
    reading_.problems.insert(reading_.problems.end(), problems.begin(), problems.end());
  }
  check_bare_word();
  check_unknown_keys();
  check_missing_choices();
}

void SectionReader::check_bare_word() {
  if (!node_.is_scalar() || bare_word_was_used_) return;
  const std::string message =
      alternatives_.empty() ? "expected a map, found " + node_.found()
                            : fmt::format("found {}; allowed: {}{}", node_.found(), joined(alternatives_),
                                          did_you_mean(node_.text, alternatives_));
  reading_.problems.push_back({path_, message});
}

void SectionReader::check_unknown_keys() {
  for (const auto& key : node_.keys) {
    if (contains(known_keys_, key)) continue;
    const std::string suggestion = did_you_mean(key, known_keys_);
    error(key, "unknown key" + (suggestion.empty() ? "; known here: " + joined(known_keys_) : suggestion));
  }
}

void SectionReader::check_missing_choices() {
  for (const auto& missing : missing_choices_) {
    // A misspelt alternative has been reported as an unknown key already.
    const bool misspelt = std::any_of(node_.keys.begin(), node_.keys.end(), [&](const std::string& key) {
      return !contains(known_keys_, key) && contains(missing.names, closest_name(key, known_keys_));
    });
    if (!misspelt)
      reading_.problems.push_back(
          {path_, fmt::format("missing {}; allowed: exactly one of {}", missing.doc, joined(missing.names))});
  }
}

}  // namespace weir
