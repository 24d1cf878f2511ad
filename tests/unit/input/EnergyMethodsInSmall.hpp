// simulate and learn_energies in small: see MethodsInSmall.hpp.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "weir/input/DataOptions.hpp"
#include "weir/input/Deck.hpp"

namespace weir::small {

struct Langevin {
  static constexpr const char* key = "langevin";
  static constexpr const char* doc = "Euler-Maruyama";
  Real step = 1e-3;
};
inline void describe(Section& s, Langevin& o) {
  s.option("step", o.step, "step size").unit("time").above(0);
}
struct Adam {
  static constexpr const char* key = "adam";
  Real rate = 1e-3;
  Real average = 0;
  std::optional<Real> clip;
};
inline void describe(Section& s, Adam& o) {
  s.option("rate", o.rate, "learning rate").above(0);
  s.option("average", o.average, "decay of the average").at_least(0).below(1);
  s.option("clip", o.clip, "largest norm").above(0);
}
struct ParticleRule {
  std::variant<Langevin> rule;
};
inline void describe(Section& s, ParticleRule& o) {
  s.one_of(o.rule, "mover of particles");
}
struct ParameterRule {
  std::variant<Adam> rule;
};
inline void describe(Section& s, ParameterRule& o) {
  s.one_of(o.rule, "optimiser");
}

struct Network {
  static constexpr const char* key = "network";
  std::vector<Index> hidden{64, 64};
  std::string activation = "silu";
  bool time = false;
};
inline void describe(Section& s, Network& o) {
  s.option("hidden", o.hidden, "widths of the hidden layers").at_least(1);
  s.option("activation", o.activation, "activation").one_of({"silu", "gelu", "softplus"});
  s.option("time", o.time, "whether time is an input");
}

struct Split {
  Real test = 0.5;
};
inline void describe(Section& s, Split& o) {
  s.option("test", o.test, "part held out").at_least(0).below(1);
}

struct Training {
  Index epochs = 100;
  Index batch = 128;
  ParameterRule rule;
};
inline void describe(Section& s, Training& o) {
  s.option("epochs", o.epochs, "passes over the data").at_least(0);
  s.option("batch", o.batch, "rows a batch").at_least(1);
  s.section("rule", o.rule, "optimiser");
}

// simulate

struct Normal {
  static constexpr const char* key = "normal";
  VectorValue mean;
  MatrixValue covariance;
};
inline void describe(Section& s, Normal& o) {
  s.option("mean", o.mean, "mean");
  s.option("covariance", o.covariance, "covariance");
}
struct Uniform {
  static constexpr const char* key = "uniform";
  VectorValue low{-1}, high{1};
};
inline void describe(Section& s, Uniform& o) {
  s.option("low", o.low, "lower corner");
  s.option("high", o.high, "upper corner");
}
struct Initial {
  Index particles = 0, dimension = 0;
  std::variant<Normal, Uniform> law;
};
inline void describe(Section& s, Initial& o) {
  s.required("particles", o.particles, "number of particles").at_least(1);
  s.required("dimension", o.dimension, "dimension").at_least(1);
  s.one_of(o.law, "law");
}
struct Quadratic {
  static constexpr const char* key = "quadratic";
  VectorValue centre;
  MatrixValue stiffness;
};
inline void describe(Section& s, Quadratic& o) {
  s.option("centre", o.centre, "centre");
  s.option("stiffness", o.stiffness, "stiffness");
}
struct Named {
  static std::vector<std::string> keys() { return {"wavy_plateau", "flat"}; }
  std::string name;
};
inline void describe(Section&, Named&) {}
struct Functional {
  std::variant<Quadratic, Named> function;
};
inline void describe(Section& s, Functional& o) {
  s.one_of(o.function, "functional");
}
struct Entropy {
  Real coefficient = 0;
  std::string by = "noise";
};
inline void describe(Section& s, Entropy& o) {
  s.option("coefficient", o.coefficient, "coefficient").at_least(0);
  s.option("by", o.by, "how").one_of({"noise", "blob"});
}
struct Energy {
  std::vector<Functional> potential, interaction;
  std::optional<Entropy> entropy;
};
inline void describe(Section& s, Energy& o) {
  s.list("potential", o.potential, "potential, a sum");
  s.list("interaction", o.interaction, "interaction, a sum");
  s.section("entropy", o.entropy, "internal energy", "coefficient");
}
struct Time {
  Real step = 0.01, end = 1;
  std::string scheme = "langevin";
};
inline void describe(Section& s, Time& o) {
  s.option("step", o.step, "step").above(0);
  s.option("end", o.end, "end").above(0);
  s.option("scheme", o.scheme, "scheme");
}
struct Snapshots {
  Index every = 1;
};
inline void describe(Section& s, Snapshots& o) {
  s.option("every", o.every, "steps between").at_least(1);
}
struct Metrics {
  std::vector<std::string> report;
  Index every = 1, points = 2000;
};
inline void describe(Section& s, Metrics& o) {
  s.option("report", o.report, "what is reported");
  s.option("every", o.every, "steps between reports").at_least(1);
  s.option("points", o.points, "points of exact distances").at_least(1);
}
struct Simulate {
  static constexpr const char* key = "simulate";
  Initial initial;
  Energy energy;
  Time time;
  Snapshots snapshots;
  Metrics metrics;
};
inline void describe(Section& s, Simulate& o) {
  s.required_section("initial", o.initial, "initial ensemble");
  s.section("energy", o.energy, "free energy");
  s.section("time", o.time, "time");
  s.section("snapshots", o.snapshots, "snapshots");
  s.section("metrics", o.metrics, "metrics", "report");
}

// learn_energies

struct Populations {
  std::variant<DataOptions, Simulate> source;
};
inline void describe(Section& s, Populations& o) {
  s.one_of(o.source, "populations");
}
struct Coupling {
  std::string method = "assignment";
  IndexOrWord batch{1000};
};
inline void describe(Section& s, Coupling& o) {
  s.option("method", o.method, "coupling").one_of({"assignment", "network_simplex", "sinkhorn"});
  s.option("batch", o.batch, "particles a batch").at_least(1).one_of({"whole"});
}
struct GridCentres {
  static constexpr const char* key = "grid";
  static constexpr const char* shorthand = "points";
  Index points = 10;
};
inline void describe(Section& s, GridCentres& o) {
  s.option("points", o.points, "a dimension").at_least(1);
}
struct DataCentres {
  static constexpr const char* key = "data";
};
inline void describe(Section&, DataCentres&) {}
struct Centres {
  std::variant<GridCentres, DataCentres> from;
  Real low = -4, high = 4;
};
inline void describe(Section& s, Centres& o) {
  s.one_of(o.from, "centres");
  s.option("low", o.low, "lower end");
  s.option("high", o.high, "upper end");
}
struct Polynomial {
  Index degree = 4;
  std::string kind = "tensor";
};
inline void describe(Section& s, Polynomial& o) {
  s.option("degree", o.degree, "degree").at_least(1);
  s.option("kind", o.kind, "kind").one_of({"tensor", "total"});
}
struct Radial {
  Centres centres;
  Real length = 1;
  std::string profile = "constant";
};
inline void describe(Section& s, Radial& o) {
  s.section("centres", o.centres, "centres");
  s.option("length", o.length, "length").above(0);
  s.option("profile", o.profile, "profile");
}
struct Features {
  std::optional<Polynomial> polynomial = Polynomial{};
  std::optional<Radial> radial;
};
inline void describe(Section& s, Features& o) {
  s.section("polynomial", o.polynomial, "monomials");
  s.section("radial", o.radial, "radial functions");
}
struct Linear {
  static constexpr const char* key = "linear";
  bool potential = true, interaction = true, entropy = true;
  std::string features_at = "next";
  Real ridge = 0.01;
  Features features;
};
inline void describe(Section& s, Linear& o) {
  s.option("potential", o.potential, "whether V is learned");
  s.option("interaction", o.interaction, "whether W is learned");
  s.option("entropy", o.entropy, "whether beta is learned");
  s.option("features_at", o.features_at, "snapshot").one_of({"next", "current"});
  s.option("ridge", o.ridge, "ridge").at_least(0);
  s.section("features", o.features, "features");
}
struct NetworkModel {
  static constexpr const char* key = "network";
  std::string features_at = "next";
  std::optional<Network> potential = Network{}, interaction;
  bool entropy = false;
  Training train;
};
inline void describe(Section& s, NetworkModel& o) {
  s.option("features_at", o.features_at, "snapshot").one_of({"next", "current"});
  s.section("potential", o.potential, "V");
  s.section("interaction", o.interaction, "W");
  s.option("entropy", o.entropy, "whether beta is learned");
  s.section("train", o.train, "training");
}
struct Model {
  std::variant<Linear, NetworkModel> form;
};
inline void describe(Section& s, Model& o) {
  s.one_of(o.form, "model");
}
struct Mixture {
  static constexpr const char* key = "gaussian_mixture";
  Index components = 10;
};
inline void describe(Section& s, Mixture& o) {
  s.option("components", o.components, "components").at_least(1);
}
struct Density {
  std::variant<Mixture> kind;
};
inline void describe(Section& s, Density& o) {
  s.one_of(o.kind, "density");
}
struct LearnEnergies {
  Populations populations;
  Split split;
  std::string pairing = "unpaired";
  Coupling coupling;
  Density density;
  Model model;
  std::string predict = "one_step";
  Metrics metrics;
};
inline void describe(Section& s, LearnEnergies& o) {
  s.required_section("populations", o.populations, "snapshots");
  s.section("split", o.split, "split");
  s.option("pairing", o.pairing, "pairing").one_of({"paired", "unpaired"});
  s.section("coupling", o.coupling, "coupling");
  s.section("density", o.density, "density");
  s.required_section("model", o.model, "model");
  s.option("predict", o.predict, "prediction").one_of({"one_step", "roll_out"});
  s.section("metrics", o.metrics, "metrics", "report");
}

}  // namespace weir::small
