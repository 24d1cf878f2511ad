// The keys of the decks that users are shown, in structs that hold them and do nothing else: a check that
// Section can express every form in them.
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

// latent_ebm

struct Moons {
  static constexpr const char* key = "moons";
  Index count = 1000;
  Real noise = 0.1;
};
inline void describe(Section& s, Moons& o) {
  s.option("count", o.count, "points").at_least(1);
  s.option("noise", o.noise, "standard deviation").at_least(0);
}
struct Synthetic {
  static constexpr const char* key = "synthetic";
  std::variant<Moons> law;
};
inline void describe(Section& s, Synthetic& o) {
  s.one_of(o.law, "law");
}
struct Data {
  std::variant<DataOptions, Synthetic> source;
};
inline void describe(Section& s, Data& o) {
  s.one_of(o.source, "data");
}
struct Latent {
  Index dimension = 2, particles = 1;
};
inline void describe(Section& s, Latent& o) {
  s.option("dimension", o.dimension, "dimension").at_least(1);
  s.option("particles", o.particles, "particles a datum").at_least(1);
}
struct Confinement {
  Real data = 0.05, latent = 1;
};
inline void describe(Section& s, Confinement& o) {
  s.option("data", o.data, "of data").at_least(0);
  s.option("latent", o.latent, "of latents").at_least(0);
}
struct JointEnergy {
  std::variant<Network> form;
  Confinement confinement;
};
inline void describe(Section& s, JointEnergy& o) {
  s.one_of(o.form, "energy");
  s.section("confinement", o.confinement, "confinement");
}
struct LatentMoves {
  ParticleRule rule;
  Index substeps = 1, particles = 1;
  Real restart_probability = 0;
};
inline void describe(Section& s, LatentMoves& o) {
  s.section("rule", o.rule, "mover");
  s.option("substeps", o.substeps, "sub-steps").at_least(1);
  s.option("particles", o.particles, "particles").at_least(1);
  s.option("restart_probability", o.restart_probability, "probability").at_least(0).at_most(1);
}
struct EbmTraining {
  Index iterations = 1, batch = 1;
  LatentMoves latents, negatives;
  Training parameters;
};
inline void describe(Section& s, EbmTraining& o) {
  s.option("iterations", o.iterations, "iterations").at_least(0);
  s.option("batch", o.batch, "rows a batch").at_least(1);
  s.section("latents", o.latents, "latents");
  s.section("negatives", o.negatives, "negative pool");
  s.section("parameters", o.parameters, "parameters");
}
struct Generate {
  Index count = 1000, steps = 100;
};
inline void describe(Section& s, Generate& o) {
  s.option("count", o.count, "samples").at_least(0);
  s.option("steps", o.steps, "steps").at_least(1);
}
struct LatentEbm {
  Data data;
  Split split;
  Latent latent;
  JointEnergy energy;
  std::string posterior = "particles";
  EbmTraining train;
  Generate generate;
  Metrics metrics;
};
inline void describe(Section& s, LatentEbm& o) {
  s.required_section("data", o.data, "data");
  s.section("split", o.split, "split");
  s.section("latent", o.latent, "latents");
  s.section("energy", o.energy, "energy");
  s.option("posterior", o.posterior, "posterior").one_of({"particles", "amortised", "none"});
  s.section("train", o.train, "training");
  s.section("generate", o.generate, "generation");
  s.section("metrics", o.metrics, "metrics", "report");
}

// schroedinger_bridge

struct Identity {
  static constexpr const char* key = "identity";
};
inline void describe(Section&, Identity&) {}
struct Autoencoder {
  std::optional<Data> data;
  std::variant<Network, Identity> form;
  Training train;
};
inline void describe(Section& s, Autoencoder& o) {
  s.section("data", o.data, "its own data");
  s.one_of(o.form, "autoencoder");
  s.section("train", o.train, "training");
}
struct Empirical {
  static constexpr const char* key = "empirical";
};
inline void describe(Section&, Empirical&) {}
struct Score {
  std::variant<Network, Empirical> form;
  Training train;
};
inline void describe(Section& s, Score& o) {
  s.one_of(o.form, "score");
  s.section("train", o.train, "training");
}
struct Convolved {
  static std::vector<std::string> keys() { return {"convolved", "point", "gaussian"}; }
  std::string name;
};
inline void describe(Section&, Convolved&) {}
struct Start {
  std::variant<Convolved, Simulate> from;
};
inline void describe(Section& s, Start& o) {
  s.one_of(o.from, "start");
}
struct Bridge {
  Start start;
  Real sigma = 1, stop = 0.999;
  Index steps = 100;
};
inline void describe(Section& s, Bridge& o) {
  s.section("start", o.start, "start");
  s.option("sigma", o.sigma, "sigma").above(0);
  s.option("steps", o.steps, "steps").at_least(1);
  s.option("stop", o.stop, "early stopping").above(0).at_most(1);
}
struct SchroedingerBridge {
  Data data;
  Latent latent;
  Autoencoder autoencoder;
  Bridge bridge;
  Score score;
  Generate generate;
  Metrics metrics;
};
inline void describe(Section& s, SchroedingerBridge& o) {
  s.required_section("data", o.data, "data");
  s.section("latent", o.latent, "latents");
  s.section("autoencoder", o.autoencoder, "autoencoder");
  s.section("bridge", o.bridge, "bridge");
  s.section("score", o.score, "score");
  s.section("generate", o.generate, "generation");
  s.section("metrics", o.metrics, "metrics", "report");
}

struct Options {
  Simulate simulate;
  LearnEnergies learn_energies;
  LatentEbm latent_ebm;
  SchroedingerBridge schroedinger_bridge;
};

template <class T>
DeckMethod method(const std::string& key, T& options) {
  return {key, "the method " + key, [&options](Section& section) { describe(section, options); }};
}
inline std::vector<DeckMethod> methods(Options& o) {
  return {method("simulate", o.simulate), method("learn_energies", o.learn_energies),
          method("latent_ebm", o.latent_ebm), method("schroedinger_bridge", o.schroedinger_bridge)};
}

}  // namespace weir::small
