// Sums over tiles and ranks that do not depend on the order of the summands.
//
//     total[c] = sum over tiles t of all ranks of partials(c, t)
//
// A bound 2^e on all summands is agreed on; each summand is cut into three signed 34-bit pieces of fixed
// point below 2^e (by adding and subtracting powers of two), the pieces are added as 64-bit integers, which
// is associative, and the total is rounded once. What lies more than 102 bits below the bound is dropped.
// Exact for up to 2^28 summands. Two pieces (68 bits) do for numbers in single precision.
//
// Where the totals are dealt to ranks, as parameters are, a rank gets its own alone: half the messages. And
// where there are few summands, in single precision, they go to the owners as they are: a tile of each rank
// takes a fourth of what its limbs take.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "weir/base/Types.hpp"
#include "weir/parallel/ColumnDeal.hpp"
#include "weir/parallel/Communicator.hpp"
#include "weir/parallel/Partition.hpp"

namespace weir {

/// Whether so many columns of all ranks together, of which the busiest owner has `most_of_owner` components,
/// take no more room than the limbs of their sum.
constexpr bool take_less_room_than_limbs(Index columns, Index most_of_owner, Index length, int ranks) {
  return columns * most_of_owner * Index(sizeof(float)) <=
             (2 * length + 2 * ranks) * Index(sizeof(std::int64_t)) &&
         columns * most_of_owner <= Index(std::numeric_limits<int>::max());
}

/// A sum of many partial results that are made one at a time and need not be kept.
class ExactAccumulator {
 public:
  /// For `length` components in `limbs` pieces (2 or 3, the same on all ranks); all memory is taken here.
  ExactAccumulator(const Communicator& comm, Index length, int limbs = 3);
  /// Each rank gets the totals of its own particles of this partition, which has at least `length`.
  ExactAccumulator(const Communicator& comm, Index length, int limbs, const Partition& owners);

  /// Collective: starts at zero. `bound`: at least the magnitude of every number that this rank will add;
  /// infinite where one is not finite.
  void start(Real bound);
  /// The same, where this rank will add so many columns in single precision.
  void start(Real bound, Index columns);
  /// Not collective: adds partials(:, t) for every column t, which each have as many rows as were asked for.
  void add(const MatrixRef<const Real>& partials);
  void add(const MatrixRef<const float>& partials);
  /// Collective: every rank gets `sign` (1 or -1) times the totals, or where they are dealt its own, from the
  /// first of these on (host memory). Throws RunError on all ranks, naming `what`, where a summand anywhere
  /// was not finite.
  void finish(Real* totals, const std::string& what, Real sign = 1);
  /// Whether few columns are added as they are: on hosts and for owners, to what two limbs would give, but
  /// for a single column, of which nothing is dropped.
  bool adds_few_as_they_are() const { return kernels_on_host && limbs_ == 2 && has_owners_; }
  /// Collective, after `start` with this number of columns, in place of `add` and `finish`: `sign` times the
  /// totals, for which the columns themselves go to their owners; false, and nothing done, where they are too
  /// many.
  bool sum_few(const MatrixRef<const float>& partials, Real sign, Real* totals, const std::string& what);

  // Kernels, which nvcc takes in public functions only.
  /// The totals of these columns, with `start`'s bound.
  void add_as_they_are(const MatrixRef<const float>& all, Real sign, Real* totals, const std::string& what);

  /// Components [first, first + length): their limbs, one after the other, and how many columns were added
  /// and whether any was not finite stand from `place` on.
  struct Share {
    Index first, length, place, first_strip;
  };

 private:
  Communicator comm_;
  template <class T>
  void add_columns(const MatrixRef<const T>& partials);
  ExactAccumulator(const Communicator& comm, Index length, int limbs, const std::vector<Index>& ends);
  void begin(Real largest);

  std::vector<Share> shares_;  // one, or one of each rank
  std::vector<int> counts_;    // of numbers in each
  ColumnDeal deal_;            // to them
  std::vector<Real> said_;     // by each rank: bound, columns
  std::vector<int> said_counts_, said_offsets_;
  std::vector<Index> columns_of_ranks_;  // none: not known
  Index length_;
  int limbs_, exponent_ = 0;
  bool has_owners_ = false;
  bool all_finite_ = true;     // as far as bounds tell
  bool empty_ = true;          // no rank will add anything but zeros
  bool fresh_ = true;          // nothing was added yet, and the sums hold anything
  Index columns_ = 0;          // that were added
  Vector<std::int64_t> sums_;  // share by share
  HostMirrorOf<Vector<std::int64_t>> host_sums_;
  Vector<bool> bad_;  // of each strip of sums that a thread adds to: whether a summand was not finite
  HostMirrorOf<Vector<bool>> host_bad_;
};

class ExactSum {
 public:
  /// For sums of `length` components in `limbs` pieces; all memory is taken here.
  ExactSum(const Communicator& comm, Index length, int limbs = 3)
      : comm_(comm), accumulator_(comm, length, limbs) {}
  /// Totals dealt to ranks, as ExactAccumulator has it.
  ExactSum(const Communicator& comm, Index length, int limbs, const Partition& owners)
      : comm_(comm), accumulator_(comm, length, limbs, owners) {}

  /// Collective. `partials`: components x local tiles; every rank gets `sign` times the totals, or where they
  /// are dealt its own, from the first of these on (host memory, one per component). sign: 1 or -1. Throws
  /// RunError on all ranks, naming `what`, where a summand anywhere is not finite.
  void operator()(const MatrixRef<const Real>& partials, Real* totals, const std::string& what,
                  Real sign = 1);
  void operator()(const MatrixRef<const float>& partials, Real* totals, const std::string& what,
                  Real sign = 1);
  /// The same for `count` partials of one component in host memory.
  Real operator()(const Real* partials, Index count, const std::string& what);

 private:
  Communicator comm_;
  ExactAccumulator accumulator_;
};

}  // namespace weir
