// The ranks of a run, and how they agree.
#pragma once

#include <mpi.h>

#include <functional>
#include <string>
#include <vector>

#include "weir/base/Types.hpp"

namespace weir {

/// A view of an MPI communicator (not owned). Every method but rank(), size(), mpi() and is_root() is
/// collective. Counts are 64-bit: larger messages than MPI takes at once go in pieces.
class Communicator {
 public:
  static constexpr Index largest_message = Index(1) << 30;  ///< bytes; counts of MPI are int

  explicit Communicator(MPI_Comm comm = MPI_COMM_WORLD);

  MPI_Comm mpi() const { return comm_; }
  int rank() const { return rank_; }
  int size() const { return size_; }
  bool is_root() const { return rank_ == 0; }

  /// Integer reductions are associative, so exact on any number of ranks; so are minima and maxima of reals.
  /// Sums of reals go through ExactSum.
  Index sum(Index value) const;
  void sum(Index* values, Index count) const;
  /// The same of values[0 .. counts[0] + counts[1] + ..), fewer than 2^31, of which rank r gets its own
  /// counts[r] alone: they stand at the beginning of `values` then, and the rest holds anything.
  void sum_to_owners(Index* values, const std::vector<int>& counts) const;
  Index max(Index value) const;
  Index min(Index value) const;
  Real max(Real value) const;
  void max(Real* values, Index count) const;
  bool any(bool value) const { return max(Index(value)) != 0; }
  /// Sum over the ranks before this one.
  Index exclusive_prefix(Index value) const;

  /// `bytes` from `root` to everybody.
  void broadcast(void* data, Index bytes, int root = 0) const;
  template <class T>
  void broadcast(std::vector<T>& values, int root = 0) const {
    Index count = Index(values.size());
    broadcast(&count, Index(sizeof count), root);
    values.resize(count);
    broadcast(values.data(), count * Index(sizeof(T)), root);
  }
  std::string broadcast(const std::string& text, int root = 0) const;
  template <class T>
  T broadcast_value(T value, int root = 0) const {
    broadcast(&value, Index(sizeof value), root);
    return value;
  }

  /// Concatenation of every rank's bytes in rank order, on every rank. No call of MPI gathers more than
  /// `piece` bytes, or one of each rank.
  std::vector<char> all_gather(const void* data, Index bytes, Index piece = largest_message) const;
  /// Completes `all`, of which rank r holds counts[r] numbers from offsets[r] on, on every rank;
  /// fewer than 2^31 numbers in all.
  void all_gather_in_place(Real* all, const std::vector<int>& counts, const std::vector<int>& offsets) const;
  void all_gather_in_place(float* all, const std::vector<int>& counts, const std::vector<int>& offsets) const;
  /// Row r of the result is what rank r sent to this rank: outgoing[r] goes to rank r.
  std::vector<std::vector<char>> exchange(const std::vector<std::vector<char>>& outgoing) const;

  void barrier() const;

  /// Runs `work` on this rank and agrees on its outcome: where any rank threw, every rank throws the error of
  /// the lowest rank that did, of the same kind. So no rank ever waits for one that has left. `work` itself
  /// must not be collective.
  void agree(const std::function<void()>& work) const;

 private:
  MPI_Comm comm_;
  int rank_;
  int size_;
};

}  // namespace weir
