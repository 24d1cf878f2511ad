#include "weir/networks/NetworkOptions.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "weir/base/Error.hpp"

namespace weir {

const std::vector<std::string>& activation_names() {
  static const std::vector<std::string> names{"softplus", "silu", "gelu", "tanh", "relu"};
  return names;
}

Activation activation_named(const std::string& name) {
  const auto& names = activation_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end())
    throw InputError(fmt::format("there is no activation {}; there are {}", name, fmt::join(names, ", ")));
  return Activation(found - names.begin());
}

bool operator==(const MlpShape& a, const MlpShape& b) {
  return a.inputs == b.inputs && a.outputs == b.outputs && a.hidden == b.hidden &&
         a.activation == b.activation && a.residual == b.residual && a.layer_norm == b.layer_norm &&
         a.time == b.time && a.frequencies == b.frequencies && a.horizon == b.horizon;
}

MlpShape NetworkOptions::shape(Index inputs, Index outputs) const {
  MlpShape shape;
  shape.inputs = inputs;
  shape.outputs = outputs;
  shape.hidden = hidden;
  shape.activation = activation_named(activation);
  shape.residual = residual;
  shape.layer_norm = layer_norm;
  return shape;
}

MlpShape TimeEmbeddingOptions::with_time(MlpShape shape) const {
  shape.inputs += 1;
  shape.time = true;
  shape.frequencies = frequencies;
  shape.horizon = horizon;
  return shape;
}

void describe(Section& section, NetworkOptions& options) {
  section.option("hidden", options.hidden, "widths of the hidden layers").at_least(1).entries(1, 64);
  section.option("activation", options.activation, "of the hidden layers; gelu is the tanh form")
      .one_of(activation_names());
  section.option("residual", options.residual,
                 "hidden layers add what goes in to what comes out, where their widths agree");
  section.option("layer_norm", options.layer_norm,
                 "hidden layers are normalised over their units before the activation");
}

void describe(Section& section, TimeEmbeddingOptions& options) {
  section
      .option("frequencies", options.frequencies,
              "octaves J of the embedding sin, cos(pi 2^j t / horizon), j < J; 0: t goes in as it is")
      .at_least(0)
      .at_most(32);
  section.option("horizon", options.horizon, "the span of times that the lowest octave tells apart")
      .unit("time")
      .above(0);
}

}  // namespace weir
