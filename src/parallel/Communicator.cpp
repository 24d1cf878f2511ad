#include "weir/parallel/Communicator.hpp"

#include <algorithm>
#include <limits>

#include "weir/base/Calls.hpp"
#include "weir/parallel/Counters.hpp"

namespace weir {

namespace {

void count(Index bytes) {
  ++counters().calls;
  counters().bytes += bytes;
}

template <class T>
void reduce(MPI_Comm comm, T* values, Index number, MPI_Datatype type, MPI_Op operation) {
  count(number * Index(sizeof(T)));
  const Index piece = Communicator::largest_message / Index(sizeof(T));
  for (Index first = 0; first < number; first += piece)
    WEIR_MPI(MPI_Allreduce(MPI_IN_PLACE, values + first, int(std::min(piece, number - first)), type,
                           operation, comm));
}

enum class Outcome { fine, input, run, library, internal, other };

}  // namespace

Communicator::Communicator(MPI_Comm comm) : comm_(comm) {
  WEIR_MPI(MPI_Comm_rank(comm, &rank_));
  WEIR_MPI(MPI_Comm_size(comm, &size_));
}

Index Communicator::sum(Index value) const {
  sum(&value, 1);
  return value;
}
void Communicator::sum(Index* values, Index number) const {
  reduce(comm_, values, number, MPI_INT64_T, MPI_SUM);
}
void Communicator::sum_to_owners(Index* values, const std::vector<int>& counts) const {
  Index all = 0;
  for (const int part : counts) all += part;
  count(all * Index(sizeof(Index)));
  WEIR_MPI(MPI_Reduce_scatter(MPI_IN_PLACE, values, counts.data(), MPI_INT64_T, MPI_SUM, comm_));
}
Index Communicator::max(Index value) const {
  reduce(comm_, &value, 1, MPI_INT64_T, MPI_MAX);
  return value;
}
Index Communicator::min(Index value) const {
  reduce(comm_, &value, 1, MPI_INT64_T, MPI_MIN);
  return value;
}
Real Communicator::max(Real value) const {
  max(&value, 1);
  return value;
}
void Communicator::max(Real* values, Index number) const {
  reduce(comm_, values, number, MPI_DOUBLE, MPI_MAX);
}

Index Communicator::exclusive_prefix(Index value) const {
  count(Index(sizeof value));
  Index before = 0;
  WEIR_MPI(MPI_Exscan(&value, &before, 1, MPI_INT64_T, MPI_SUM, comm_));
  return rank_ == 0 ? 0 : before;
}

void Communicator::broadcast(void* data, Index bytes, int root) const {
  count(rank_ == root ? bytes : 0);
  for (Index first = 0; first < bytes; first += largest_message)
    WEIR_MPI(MPI_Bcast(static_cast<char*>(data) + first, int(std::min(largest_message, bytes - first)),
                       MPI_BYTE, root, comm_));
}

std::string Communicator::broadcast(const std::string& text, int root) const {
  std::vector<char> letters(text.begin(), text.end());
  broadcast(letters, root);
  return {letters.begin(), letters.end()};
}

std::vector<char> Communicator::all_gather(const void* data, Index bytes, Index piece) const {
  count(bytes);
  std::vector<Index> sizes(size_), places(size_);
  WEIR_MPI(MPI_Allgather(&bytes, 1, MPI_INT64_T, sizes.data(), 1, MPI_INT64_T, comm_));
  Index total = 0, largest = 0;
  for (int rank = 0; rank < size_; ++rank) {
    places[rank] = total;
    total += sizes[rank];
    largest = std::max(largest, sizes[rank]);
  }
  std::vector<char> all(total), part;
  // As much of every rank at a time as fits into a piece: all at once where that is enough.
  const Index share = total <= piece ? std::max(largest, Index(1)) : std::max(piece / size_, Index(1));
  std::vector<int> counts(size_), offsets(size_);
  for (Index first = 0; first < largest; first += share) {
    Index gathered = 0;
    for (int rank = 0; rank < size_; ++rank) {
      counts[rank] = int(std::clamp(sizes[rank] - first, Index(0), share));
      offsets[rank] = int(gathered);
      gathered += counts[rank];
    }
    const bool whole = share >= largest;
    if (!whole) part.resize(gathered);
    char* const target = whole ? all.data() : part.data();
    const char* const mine = static_cast<const char*>(data) + (counts[rank_] > 0 ? first : 0);
    WEIR_MPI(MPI_Allgatherv(mine, counts[rank_], MPI_BYTE, target, counts.data(), offsets.data(), MPI_BYTE,
                            comm_));
    for (int rank = 0; !whole && rank < size_; ++rank)
      std::copy_n(part.data() + offsets[rank], counts[rank], all.data() + places[rank] + first);
  }
  return all;
}

void Communicator::all_gather_in_place(Real* all, const std::vector<int>& counts,
                                       const std::vector<int>& offsets) const {
  count(Index(counts[rank_]) * Index(sizeof(Real)));
  WEIR_MPI(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, counts.data(), offsets.data(), MPI_DOUBLE,
                          comm_));
}
void Communicator::all_gather_in_place(float* all, const std::vector<int>& counts,
                                       const std::vector<int>& offsets) const {
  count(Index(counts[rank_]) * Index(sizeof(float)));
  WEIR_MPI(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, counts.data(), offsets.data(), MPI_FLOAT,
                          comm_));
}

std::vector<std::vector<char>> Communicator::exchange(const std::vector<std::vector<char>>& outgoing) const {
  WEIR_CHECK(int(outgoing.size()) == size_, "{} messages for {} ranks", outgoing.size(), size_);
  std::vector<Index> sent(size_), received(size_);
  for (int r = 0; r < size_; ++r) sent[r] = Index(outgoing[r].size());
  WEIR_MPI(MPI_Alltoall(sent.data(), 1, MPI_INT64_T, received.data(), 1, MPI_INT64_T, comm_));
  std::vector<std::vector<char>> incoming(size_);
  std::vector<MPI_Request> requests;
  Index bytes = 0;
  const auto each_piece = [](Index total, auto&& action) {
    for (Index first = 0; first < total; first += largest_message)
      action(first, int(std::min(largest_message, total - first)));
  };
  for (int r = 0; r < size_; ++r) {
    if (r == rank_) {
      incoming[r] = outgoing[r];
      continue;
    }
    bytes += sent[r];
    incoming[r].resize(received[r]);
    each_piece(received[r], [&](Index first, int length) {
      WEIR_MPI(
          MPI_Irecv(incoming[r].data() + first, length, MPI_BYTE, r, 0, comm_, &requests.emplace_back()));
    });
  }
  for (int r = 0; r < size_; ++r)
    if (r != rank_)
      each_piece(sent[r], [&](Index first, int length) {
        WEIR_MPI(
            MPI_Isend(outgoing[r].data() + first, length, MPI_BYTE, r, 0, comm_, &requests.emplace_back()));
      });
  WEIR_MPI(MPI_Waitall(int(requests.size()), requests.data(), MPI_STATUSES_IGNORE));
  count(bytes);
  return incoming;
}

void Communicator::barrier() const {
  count(0);
  WEIR_MPI(MPI_Barrier(comm_));
}

void Communicator::agree(const std::function<void()>& work) const {
  Outcome outcome = Outcome::fine;
  std::vector<InputError::Problem> problems;
  std::string message;
  const auto failed = [&](Outcome kind, const std::exception& error) {
    outcome = kind;
    message = error.what();
  };
  try {
    work();
  } catch (const InputError& error) {
    failed(Outcome::input, error);
    problems = error.problems();
  } catch (const RunError& error) {
    failed(Outcome::run, error);
  } catch (const LibraryError& error) {
    failed(Outcome::library, error);
  } catch (const InternalError& error) {
    failed(Outcome::internal, error);
  } catch (const std::exception& error) {
    failed(Outcome::other, error);
  }
  const Index first = min(outcome == Outcome::fine ? Index(size_) : Index(rank_));
  if (first == size_) return;

  const int source = int(first);
  outcome = broadcast_value(outcome, source);
  message = broadcast(message, source);
  Index number = broadcast_value(Index(problems.size()), source);
  problems.resize(number);
  for (auto& problem : problems) {
    problem.key = broadcast(problem.key, source);
    problem.message = broadcast(problem.message, source);
  }
  switch (outcome) {
    case Outcome::input:
      throw InputError(std::move(problems));
    case Outcome::library:
      throw LibraryError(fmt::format("rank {}: {}", source, message));
    case Outcome::internal:
      throw InternalError(fmt::format("rank {}: {}", source, message));
    case Outcome::run:
      throw RunError(message);
    default:
      throw Error(fmt::format("rank {}: {}", source, message));
  }
}

}  // namespace weir
