// Rows of data, split into a training and a test part by counters.
//
//     place = shuffle(row);   training part: places below its size, in that order;   test part: the rest
//
// Several populations are split together: each by a shuffle of its own, or (paired) all alike, so that row i
// of every population is in the same part of it.
#pragma once

#include <string>
#include <vector>

#include "weir/ensemble/Ensemble.hpp"
#include "weir/ensemble/RowExchange.hpp"
#include "weir/input/RunOptions.hpp"
#include "weir/input/Section.hpp"
#include "weir/parallel/Shuffle.hpp"

namespace weir {

struct SplitOptions {
  Real test = 0;
};
void describe(Section& section, SplitOptions& options);

/// Particles of a population of `size` that are for training.
Index train_size(Index size, const SplitOptions& split);
/// Throws InputError, for the section `where`, unless both parts of the population have particles. Not
/// collective.
void check_split(const SplitOptions& split, const std::string& population, Index size,
                 const std::string& where);

/// Sends rows to where the split puts them, and fills both parts of the populations.
class Splitter {
 public:
  /// Throws InputError, for the section `where`, as check_split does; `names`: of the populations, for its
  /// message, where they have some. Not collective.
  Splitter(const std::vector<Index>& sizes, Index dimension, const SplitOptions& split, bool paired,
           const Communicator& comm, const RunOptions& run, const std::string& where,
           const std::vector<std::string>& names = {});

  enum class Parts { both, train, test };
  /// Not collective: row number `row` of population k; sent only if it falls into `parts`.
  void send(Index k, Index row, const Real* values, Parts parts = Parts::both);
  /// Collective: what has been sent so far arrives.
  void deliver();

  std::vector<Ensemble>& train() { return train_; }
  std::vector<Ensemble>& test() { return test_; }

 private:
  RowExchange exchange_;
  std::vector<Shuffle> shuffles_;
  std::vector<Ensemble> train_, test_;
};

}  // namespace weir
