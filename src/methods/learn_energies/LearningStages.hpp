// The stages of learn_energies, once for every repetition.
#pragma once

#include <functional>

#include "weir/energies/LearnedEnergy.hpp"
#include "weir/output/StageList.hpp"

namespace weir {

/// Is told what has been learned so far, after every checkpoint; may be collective.
using PublishEnergy = std::function<void(const LearnedEnergy&)>;

/// prepare: pieces of couplings, of scores, and of a linear fit or of a trajectory's start; train: the
/// training, where there is one; predict: pieces of predictions and metrics, once the energy is learned.
inline StageList learning_stages(int repetition) {
  return StageList({"prepare", "train", "predict"}, repetition);
}

}  // namespace weir
