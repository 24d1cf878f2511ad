#include "methods/learn_energies/network/NetworkModel.hpp"

namespace weir {

void describe(Section& section, PotentialNetworkOptions& options) {
  describe(section, static_cast<NetworkOptions&>(options));
  section.option("time", options.time, "the potential depends on time: V(x, t)");
  section.section("embedding", options.embedding, "how the network takes the time");
}

MlpShape PotentialNetworkOptions::shape_in(Index dimension) const {
  const MlpShape of_points = shape(dimension, 1);
  return time ? embedding.with_time(of_points) : of_points;
}

void describe(Section& section, InteractionNetworkOptions& options) {
  describe(section, static_cast<NetworkOptions&>(options));
  section
      .option("statistic", options.statistic,
              "mean over a batch or a knot: v, all pairs (with itself a particle is at rest), or u, pairs of "
              "different particles")
      .one_of({"v", "u"});
}

void describe(Section& section, NetworkModelOptions& options) {
  if (section.reading()) options.where = section.path();
  section
      .option("features_at", options.features_at,
              "next: the condition of the JKO scheme, predicts implicitly; current: explicit steps")
      .one_of({"next", "current"});
  section.section("potential", options.potential, "network of V; false: none");
  section.section("interaction", options.interaction, "network of W; false: none");
  section.option("entropy", options.entropy, "learn the entropy's coefficient beta");
  section.section("train", options.train, "how it is trained");
  if (section.reading() && !options.potential && !options.interaction && !options.entropy)
    section.error("potential", "nothing is learned; allowed: potential, interaction, entropy, at least one");
}

}  // namespace weir
