// A small method with every kind of option, for the tests of decks.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "weir/input/Deck.hpp"

namespace weir::sample {

struct Normal {
  static constexpr const char* key = "normal";
  static constexpr const char* doc = "a Gaussian";
  VectorValue mean;
  MatrixValue covariance;
};
inline void describe(Section& section, Normal& normal) {
  section.option("mean", normal.mean, "mean");
  section.option("covariance", normal.covariance, "covariance");
}

struct Uniform {
  static constexpr const char* key = "uniform";
  Real low = 0, high = 1;
};
inline void describe(Section& section, Uniform& uniform) {
  section.option("low", uniform.low, "lower end");
  section.option("high", uniform.high, "upper end");
  if (section.reading() && uniform.low >= uniform.high) section.error("high", "found no more than low");
}

struct Initial {
  Index particles = 100;
  std::variant<Normal, Uniform> law;
};
inline void describe(Section& section, Initial& initial) {
  section.required("particles", initial.particles, "number of particles").at_least(1);
  section.one_of(initial.law, "law of the particles");
}

struct Named {
  static std::vector<std::string> keys() { return {"wavy_plateau", "flat"}; }
  std::string name;
};
inline void describe(Section&, Named&) {}

struct Quadratic {
  static constexpr const char* key = "quadratic";
  static constexpr const char* shorthand = "stiffness";
  Real stiffness = 1;
};
inline void describe(Section& section, Quadratic& quadratic) {
  section.option("stiffness", quadratic.stiffness, "stiffness").at_least(0);
}

struct Term {
  std::variant<Named, Quadratic> functional;
};
inline void describe(Section& section, Term& term) {
  section.one_of(term.functional, "functional");
}

struct Entropy {
  Real coefficient = 0;
  std::string by = "noise";
};
inline void describe(Section& section, Entropy& entropy) {
  section.option("coefficient", entropy.coefficient, "coefficient").unit("energy").at_least(0);
  section.option("by", entropy.by, "noise or blob").one_of({"noise", "blob"});
}

struct Metrics {
  std::vector<std::string> report{"mean"};
  Index every = 1;
};
inline void describe(Section& section, Metrics& metrics) {
  section.option("report", metrics.report, "what to report").one_of({"mean", "covariance", "free_energy"});
  section.option("every", metrics.every, "steps between reports").above(0);
}

struct Options {
  Initial initial;
  std::vector<Term> potential;
  std::optional<Entropy> entropy;
  Metrics metrics;
  Real step = 0.01;
  std::optional<Real> clip;
  std::optional<std::array<Index, 2>> columns;
  std::vector<Index> hidden{64, 64};
  IndexOrWord batch{1000};
  bool restart = false;
  int order = 2;
  PathValue file;
  std::variant<std::monostate, Normal, Uniform> reference;
};
inline void describe(Section& section, Options& options) {
  section.required_section("initial", options.initial, "initial ensemble");
  section.list("potential", options.potential, "potential, a sum");
  section.section("entropy", options.entropy, "internal energy", "coefficient");
  section.section("metrics", options.metrics, "metrics", "report");
  section.option("step", options.step, "step size").unit("time").above(0).at_most(1);
  section.option("clip", options.clip, "largest norm of a gradient").above(0);
  section.option("columns", options.columns, "columns, half-open").at_least(0);
  section.option("hidden", options.hidden, "widths").at_least(1).entries(1, 3);
  section.option("batch", options.batch, "particles a batch").at_least(1).one_of({"whole"});
  section.option("restart", options.restart, "whether to restart");
  section.option("order", options.order, "order");
  section.option("file", options.file, "a file");
  section.one_of(options.reference, "reference law");
}

/// The deck with these lines in its section `try`, which start at line 3.
inline Deck deck(const std::string& method, const std::vector<std::string>& settings = {}) {
  return Deck::parse("weir: 1\ntry:\n" + method, "deck.yaml", "/data", settings);
}

inline std::vector<DeckMethod> methods(Options& options) {
  return {{"try", "tries everything", [&options](Section& section) { describe(section, options); }},
          {"simulate", "another", [](Section&) {}}};
}

inline Options read(const Deck& deck) {
  Options options;
  RunOptions run;
  deck.read(run, methods(options));
  return options;
}

/// All problems of a deck, one a line; empty where there are none.
inline std::string problems(const Deck& deck) {
  try {
    read(deck);
  } catch (const InputError& error) {
    return deck.explain(error);
  }
  return "";
}

/// A sound deck but for these lines, which start at line 4.
inline std::string problems_with(const std::string& lines) {
  return problems(deck("  initial: {particles: 5, normal: {}}\n" + lines));
}
inline Options read_with(const std::string& lines) {
  return read(deck("  initial: {particles: 5, normal: {}}\n" + lines));
}

}  // namespace weir::sample
