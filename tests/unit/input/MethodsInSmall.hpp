// The keys of the decks that users are shown, in structs that hold them and do nothing else: a check that
// Section can express every form in them.
#pragma once

#include "input/EnergyMethodsInSmall.hpp"

namespace weir::small {

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
