#include "weir/parallel/ColumnDeal.hpp"

#include <algorithm>
#include <limits>

#include "weir/base/Calls.hpp"
#include "weir/base/Error.hpp"
#include "weir/parallel/Counters.hpp"

namespace weir {

ColumnDeal::ColumnDeal(const Communicator& comm, std::vector<int> lengths)
    : comm_(comm),
      lengths_(std::move(lengths)),
      sent_(lengths_.size()),
      received_(lengths_.size()),
      places_(lengths_.size()) {
  for (const int length : lengths_) {
    first_rows_.push_back(int(all_));
    all_ += length;
    most_ = std::max(most_, Index(length));
  }
}

/// One column of every rank at a time, so that nothing is packed.
void ColumnDeal::operator()(const float* mine, const std::vector<Index>& columns, float* parts) {
  const std::size_t rank = std::size_t(comm_.rank());
  const Index own = lengths_[rank], rounds = *std::max_element(columns.begin(), columns.end());
  ++counters().calls;
  counters().bytes += columns[rank] * all_ * Index(sizeof(float));
  for (Index round = 0; round < rounds; ++round) {
    const bool sends = round < columns[rank];
    Index place = 0;
    for (std::size_t p = 0; p < lengths_.size(); ++p) {
      sent_[p] = sends ? lengths_[p] : 0;
      received_[p] = round < columns[p] ? int(own) : 0;
      places_[p] = int((place + std::min(round, columns[p])) * own);
      place += columns[p];
    }
    WEIR_CHECK(place * own <= Index(std::numeric_limits<int>::max()), "{} numbers to deal", place * own);
    WEIR_MPI(MPI_Alltoallv(mine + (sends ? round * all_ : 0), sent_.data(), first_rows_.data(), MPI_FLOAT,
                           parts, received_.data(), places_.data(), MPI_FLOAT, comm_.mpi()));
  }
}

}  // namespace weir
