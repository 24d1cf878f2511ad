// A deck: one YAML file that says what to run, and the settings of the command line on top of it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "weir/base/Error.hpp"
#include "weir/input/RunOptions.hpp"
#include "weir/input/Section.hpp"
#include "weir/parallel/Communicator.hpp"

namespace weir {

struct DeckNode;

/// A method as decks see it: the key of its section, one line about it, and its options.
struct DeckMethod {
  std::string key;
  std::string doc;
  std::function<void(Section&)> describe;
};

/// Top level: `weir: 1`, `run: {..}` and the section of exactly one method.
class Deck {
 public:
  /// Collective: rank 0 reads the file. `settings` are the words after `--set`. Throws InputError where the
  /// text is no deck at all: no file, a syntax error.
  static Deck load(const std::string& file, const std::vector<std::string>& settings,
                   const Communicator& comm);
  /// A deck given as text; `source` stands in its messages, paths are relative to `folder`.
  static Deck parse(const std::string& text, const std::string& source, const std::string& folder,
                    const std::vector<std::string>& settings = {});

  /// Throws what is wrong with the text itself, if it is to be known without reading on.
  void check_text() const { problems_.raise(); }
  /// Reads the run and the method's options, and returns the method's key. Throws one InputError with all
  /// problems, those of keys that stand twice and of settings included; `explain` tells where they stand.
  std::string read(RunOptions& run, const std::vector<DeckMethod>& methods) const;

  /// One line a problem, in the order of the file: `file.yaml:12: simulate.time.step: found -1; allowed:
  /// above 0`.
  std::string explain(const InputError& error) const;

 private:
  Deck(std::shared_ptr<const DeckNode> root, std::string source, std::string folder, Problems problems)
      : root_(std::move(root)),
        source_(std::move(source)),
        folder_(std::move(folder)),
        problems_(std::move(problems)) {}

  std::shared_ptr<const DeckNode> root_;
  std::string source_;
  std::string folder_;
  Problems problems_;  // of the text; reading goes on with what came first
};

}  // namespace weir
