#include "weir/networks/NetworkOptions.hpp"

#include <gtest/gtest.h>

#include "weir/base/Error.hpp"
#include "weir/input/Deck.hpp"
#include "weir/input/RunOptions.hpp"

namespace weir {
namespace {

/// As an owner of a network that may depend on time composes it.
struct PotentialNetworkOptions {
  NetworkOptions network;
  bool time = false;
  TimeEmbeddingOptions embedding;
};
void describe(Section& section, PotentialNetworkOptions& options) {
  describe(section, options.network);
  section.option("time", options.time, "V depends on time");
  section.section("embedding", options.embedding, "how it takes the time");
}

struct Model {
  PotentialNetworkOptions potential;
};
void describe(Section& section, Model& model) {
  section.section("potential", model.potential, "V");
}

Model read(const std::string& potential) {
  Model model;
  RunOptions run;
  const Deck deck = Deck::parse("weir: 1\ntry:\n  potential: " + potential + "\n", "deck.yaml", "/data", {});
  deck.read(run, {{"try", "tries a network", [&model](Section& section) { describe(section, model); }}});
  return model;
}

TEST(NetworkOptions, AreReadAndGiveAShape) {
  const Model model = read(
      "{hidden: [32, 32, 16], activation: silu, residual: true, layer_norm: true, "
      "time: true, embedding: {frequencies: 4, horizon: 5}}");
  const MlpShape shape = model.potential.embedding.with_time(model.potential.network.shape(2, 1));
  MlpShape expected;
  expected.inputs = 3;
  expected.outputs = 1;
  expected.hidden = {32, 32, 16};
  expected.activation = Activation::silu;
  expected.residual = expected.layer_norm = expected.time = true;
  expected.frequencies = 4;
  expected.horizon = 5;
  EXPECT_TRUE(shape == expected);
}

TEST(NetworkOptions, AreTwoLayersOfSoftplusByDefault) {
  const MlpShape shape = read("{}").potential.network.shape(2, 1);
  EXPECT_EQ(shape.hidden, (std::vector<Index>{64, 64}));
  EXPECT_EQ(shape.activation, Activation::softplus);
  EXPECT_FALSE(shape.time);
  EXPECT_EQ(shape.inputs, 2);
}

TEST(NetworkOptions, WhatCannotBeIsAnInputError) {
  for (const char* wrong : {"{hidden: [64, 0]}", "{hidden: []}", "{activation: sine}",
                            "{embedding: {frequencies: -1}}", "{embedding: {horizon: 0}}"})
    EXPECT_THROW(read(wrong), InputError) << wrong;
  EXPECT_THROW(activation_named("sine"), InputError);
}

}  // namespace
}  // namespace weir
