// What a deck says about a network, and the shape that comes of it.
//
//     network: {hidden: [64, 64], activation: softplus, residual: false, layer_norm: false}
#pragma once

#include <string>
#include <vector>

#include "weir/input/Section.hpp"

namespace weir {

enum class Activation { softplus, silu, gelu, tanh, relu };

/// Names as decks and files have them, in the order of the enumeration.
const std::vector<std::string>& activation_names();
/// Throws InputError where there is no activation of that name.
Activation activation_named(const std::string& name);

/// A multilayer perceptron: see Mlp.hpp for what each member does.
struct MlpShape {
  Index inputs = 1;  ///< rows of x, the time among them
  Index outputs = 1;
  std::vector<Index> hidden{64, 64};
  Activation activation = Activation::softplus;
  bool residual = false;
  bool layer_norm = false;
  bool time = false;      ///< the last input is a time t
  Index frequencies = 0;  ///< of the time's embedding; 0: t goes in as it is
  Real horizon = 1;       ///< of the embedding: sin and cos of pi 2^j t / horizon
};
bool operator==(const MlpShape& a, const MlpShape& b);

struct NetworkOptions {
  std::vector<Index> hidden{64, 64};
  std::string activation = "softplus";
  bool residual = false;
  bool layer_norm = false;

  /// The shape for `inputs` space components (and a time after them where `time` is set).
  MlpShape shape(Index inputs, Index outputs) const;
};

/// How a network takes time; for owners of networks that depend on it.
struct TimeEmbeddingOptions {
  Index frequencies = 0;
  Real horizon = 1;

  /// `shape` with a time as last input.
  MlpShape with_time(MlpShape shape) const;
};

void describe(Section& section, NetworkOptions& options);
void describe(Section& section, TimeEmbeddingOptions& options);

}  // namespace weir
