// Flops of an Mlp's passes for each column, as Counters count them: those of its matrix products.
//
//     value       2 sum_l in_l out_l
//     parameters  2 sum_l (in_l + 1) out_l, and with layer_norm 4 out_l of hidden layers
//     down        2 sum_{l >= 2} in_l out_l,   to_input  2 in_1 out_1
//
// A vjp takes `down`, `parameters` where those are wanted, and `to_input` where the adjoint of x is.
#pragma once

#include "weir/networks/Mlp.hpp"

namespace weir {

struct MlpFlops {
  Index value = 0, parameters = 0, down = 0, to_input = 0;

  explicit MlpFlops(const MlpShape& shape) {
    const Mlp<Real> network(shape);
    for (const auto& plan : network.layers()) {
      const Index product = 2 * plan.in * plan.out;
      const bool first = &plan == &network.layers().front();
      value += product;
      parameters += product + 2 * plan.out + 4 * (plan.shift - plan.gain);
      (first ? to_input : down) += product;
    }
  }
  Index vjp(bool of_parameters, bool of_input) const {
    return down + (of_parameters ? parameters : 0) + (of_input ? to_input : 0);
  }
};

}  // namespace weir
