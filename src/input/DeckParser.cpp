#include "input/DeckParser.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>

#include "input/Scalars.hpp"
#include "weir/base/Error.hpp"

namespace weir {

namespace {

// yaml-cpp's own tree drops duplicate keys and the lines of keys; its events have them.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const Place& start) : start_(start) {}

  DeckNode root;
  std::vector<InputError::Problem> problems;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    close({node(DeckNode::Kind::null, mark), anchor});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto it = anchored_.find(anchor);
    if (it == anchored_.end()) problem(place(mark), "an alias stands inside what it names");
    close({it == anchored_.end() ? node(DeckNode::Kind::null, mark) : it->second});
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    DeckNode scalar = node(DeckNode::Kind::scalar, mark);
    scalar.text = text;
    scalar.quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    close({std::move(scalar), anchor});
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open_.push_back({node(DeckNode::Kind::list, mark), anchor});
  }
  void OnSequenceEnd() override { close_container(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open_.push_back({node(DeckNode::Kind::map, mark), anchor});
  }
  void OnMapEnd() override { close_container(); }

 private:
  struct Unfinished {
    DeckNode node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    std::string key = {};
    Place key_place = {};
    std::vector<DeckNode> merged = {};  // values of "<<", which yields to the map's own keys
  };

  Place place(const YAML::Mark& mark) const {
    return {start_.source, start_.line > 0 && !mark.is_null() ? start_.line + mark.line : start_.line};
  }
  DeckNode node(DeckNode::Kind kind, const YAML::Mark& mark) const {
    DeckNode made;
    made.kind = kind;
    made.place = place(mark);
    return made;
  }
  void problem(const Place& where, const std::string& message) {
    problems.push_back({"", where.text() + ": " + message});
  }

  void close_container() {
    Unfinished finished = std::move(open_.back());
    open_.pop_back();
    for (const auto& merged : finished.merged) merge(finished.node, merged);
    close(std::move(finished));
  }

  void close(Unfinished finished) {
    if (finished.anchor) anchored_[finished.anchor] = finished.node;
    if (open_.empty()) {
      root = std::move(finished.node);
    } else if (Unfinished& outer = open_.back(); outer.node.is_list()) {
      outer.node.children.push_back(std::move(finished.node));
    } else if (!outer.has_key) {
      take_key(outer, finished.node);
    } else {
      take_value(outer, std::move(finished.node));
    }
  }

  void take_key(Unfinished& outer, const DeckNode& key) {
    if (!key.is_scalar()) problem(key.place, "found " + key.found() + " as a key; allowed: a word");
    outer.has_key = true;
    outer.key = key.text;
    outer.key_place = key.place;
  }

  void take_value(Unfinished& outer, DeckNode value) {
    outer.has_key = false;
    if (outer.key == "<<") {
      outer.merged.push_back(std::move(value));
      return;
    }
    if (const DeckNode* first = outer.node.find(outer.key)) {
      problem(outer.key_place,
              "the key \"" + outer.key + "\" stands twice; it is first given at " + first->place.text());
      return;
    }
    value.place = outer.key_place;
    outer.node.set(outer.key, std::move(value));
  }

  void merge(DeckNode& map, const DeckNode& merged) {
    if (merged.is_list()) {
      for (const auto& each : merged.children) merge(map, each);
      return;
    }
    if (!merged.is_map()) problem(merged.place, "found " + merged.found() + " after <<; allowed: a map");
    for (size_t i = 0; i < merged.keys.size(); ++i)
      if (!map.find(merged.keys[i])) map.set(merged.keys[i], merged.children[i]);
  }

  Place start_;
  std::vector<Unfinished> open_;
  std::map<YAML::anchor_t, DeckNode> anchored_;
};

// The commonest cause of YAML's less obvious complaints.
std::string tab_hint(const std::string& text, int line) {
  std::istringstream lines(text);
  std::string content;
  for (int i = 0; i <= line; ++i) std::getline(lines, content);
  const size_t first = content.find_first_not_of(' ');
  return first != content.npos && content[first] == '\t' ? " (a tab: indent with blanks)" : "";
}

}  // namespace

DeckNode parse_yaml(const std::string& text, const Place& start, Problems& problems) {
  std::istringstream stream(text);
  TreeBuilder builder(start);
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    TreeBuilder second(start);
    if (parser.HandleNextDocument(second))
      builder.problems.push_back({"", second.root.place.text() + ": a second document; allowed: one"});
  } catch (const YAML::Exception& error) {
    const bool has_line = start.line > 0 && !error.mark.is_null();
    const Place where{start.source, has_line ? start.line + error.mark.line : start.line};
    throw InputError(fmt::format("{}: YAML syntax: {}{}", where.text(), error.msg,
                                 has_line ? tab_hint(text, error.mark.line) : ""));
  }
  problems.collect([&] {
    if (!builder.problems.empty()) throw InputError(builder.problems);
  });
  return std::move(builder.root);
}

DeckNode parse_yaml(const std::string& text, const Place& start) {
  Problems problems;
  DeckNode root = parse_yaml(text, start, problems);
  problems.raise();
  return root;
}

namespace {

// The child that a setting goes through, made where it is missing. `parent` is what has been walked so far.
DeckNode& step_into(DeckNode& parent, const std::string& word, const std::string& walked,
                    const Place& place) {
  if (parent.is_list()) {
    const auto i = parse_index(word);
    const Index size = Index(parent.children.size());
    if (!i || *i < 0 || *i > size)
      throw InputError(fmt::format("{}: \"{}\" is no entry of the list {}; allowed: 0 to {}", place.text(),
                                   word, walked, size));
    if (*i == size) parent.children.emplace_back().place = place;
    return parent.children[*i];
  }
  if (parent.is_scalar()) {  // a short form, which the section's reader knows how to write in full
    DeckNode in_full;
    in_full.kind = DeckNode::Kind::map;
    in_full.place = parent.place;
    in_full.set(short_form_key, parent);
    parent = std::move(in_full);
  }
  parent.kind = DeckNode::Kind::map;
  if (!parent.find(word)) {
    DeckNode added;
    added.place = place;
    parent.set(word, added);
  }
  return *parent.find(word);
}

}  // namespace

void apply_setting(DeckNode& root, const std::string& setting) {
  const Place place{"--set " + setting, 0};
  const size_t equals = setting.find('=');
  const std::string path = setting.substr(0, equals);
  const std::vector<std::string> words = split_key_path(path);
  bool well_formed = equals != setting.npos;
  for (const auto& word : words) well_formed = well_formed && !word.empty();
  if (!well_formed) throw InputError(place.text() + ": allowed: --set key.path=value");

  DeckNode value = parse_yaml(setting.substr(equals + 1), place);
  value.place = place;
  DeckNode* node = &root;
  std::string walked;
  for (const auto& word : words) {
    node = &step_into(*node, word, walked, place);
    walked += (walked.empty() ? "" : ".") + word;
  }
  *node = std::move(value);
}

}  // namespace weir
