// Moves rows of numbers to the ranks that want them.
#pragma once

#include <vector>

#include "weir/parallel/Communicator.hpp"

namespace weir {

/// Collect rows for their destinations with `send`, then `deliver` them all at once.
class RowExchange {
 public:
  RowExchange(const Communicator& comm, Index columns)
      : comm_(comm), columns_(columns), outgoing_(comm.size()) {}

  /// Not collective. `tag` and `key` travel along and say what the row is.
  void send(int rank, Index tag, Index key, const Real* row);

  struct Row {
    Index tag, key;
    const Real* values;
  };
  /// Collective; calls `take` for every row that has come here, senders in rank order, and forgets all rows.
  template <class Take>
  void deliver(Take take) {
    const auto incoming = comm_.exchange(outgoing_);
    for (auto& messages : outgoing_) messages.clear();
    std::vector<Real> values(columns_);
    for (const auto& messages : incoming)
      for (std::size_t at = 0; at < messages.size(); at += record_bytes())
        take(unpack(&messages[at], values));
  }

 private:
  std::size_t record_bytes() const { return 2 * sizeof(Index) + columns_ * sizeof(Real); }
  Row unpack(const char* record, std::vector<Real>& values) const;

  Communicator comm_;
  Index columns_;
  std::vector<std::vector<char>> outgoing_;
};

}  // namespace weir
