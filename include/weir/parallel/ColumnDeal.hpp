// Columns of numbers that ranks have, dealt to the owners of their rows.
//
//     rank p has columns c_p,1 .. c_p,n_p   ->   rank q gets rows [first_q, first_q + length_q) of all of
//     them
#pragma once

#include <vector>

#include "weir/base/Types.hpp"
#include "weir/parallel/Communicator.hpp"

namespace weir {

class ColumnDeal {
 public:
  /// lengths: how many rows each rank owns, in the order of ranks. All memory is taken here.
  ColumnDeal(const Communicator& comm, std::vector<int> lengths);

  /// The largest of the lengths.
  Index most_of_owner() const { return most_; }
  /// Collective. columns[p] of rank p; `mine`: this rank's, whole and one after the other. `parts` gets this
  /// rank's rows of all columns, those of rank 0 first: fewer than 2^31 numbers.
  void operator()(const float* mine, const std::vector<Index>& columns, float* parts);

 private:
  Communicator comm_;
  std::vector<int> lengths_, first_rows_, sent_, received_, places_;
  Index all_ = 0, most_ = 0;
};

}  // namespace weir
