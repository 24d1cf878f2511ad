#include "weir/ensemble/Split.hpp"

#include <algorithm>
#include <cmath>

#include "weir/base/Error.hpp"

namespace weir {

void describe(Section& section, SplitOptions& options) {
  section.option("test", options.test, "share of each population kept from training").at_least(0).below(1);
}

Index train_size(Index size, const SplitOptions& split) {
  return size - Index(std::llround(split.test * Real(size)));
}

void check_split(const SplitOptions& split, const std::string& population, Index size,
                 const std::string& where) {
  const Index train = train_size(size, split), test = size - train;
  if (train < 2)
    throw InputError(
        where, fmt::format(
                   "population {} has {} particles, of which {} would be for training; at least 2 are needed",
                   population, size, train));
  if (split.test > 0 && test < 1)
    throw InputError(where, fmt::format("population {} has {} particles, too few for a test share of {}",
                                        population, size, split.test));
}

Splitter::Splitter(const std::vector<Index>& sizes, Index dimension, const SplitOptions& split, bool paired,
                   const Communicator& comm, const RunOptions& run, const std::string& where,
                   const std::vector<std::string>& names)
    : exchange_(comm, dimension) {
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    check_split(split, names.empty() ? fmt::format("{}", k) : fmt::format("{} ({})", k, names[k]), sizes[k],
                where);
    const Index train = train_size(sizes[k], split), test = sizes[k] - train;
    shuffles_.push_back(Shuffle(sizes[k], run.seed, Stream::split, paired ? 0 : Index(k)));
    train_.emplace_back(comm, train, dimension, run.tile);
    test_.emplace_back(comm, test, dimension, run.tile);
  }
}

void Splitter::send(Index k, Index row, const Real* values, Parts parts) {
  const Index place = shuffles_[k](row), boundary = train_[k].particles();
  if (place < boundary && parts != Parts::test)
    exchange_.send(train_[k].partition.owner_of_row(place), 2 * k, place, values);
  if (place >= boundary && parts != Parts::train)
    exchange_.send(test_[k].partition.owner_of_row(place - boundary), 2 * k + 1, place - boundary, values);
}

void Splitter::deliver() {
  exchange_.deliver([&](const RowExchange::Row& row) {
    Ensemble& ensemble = (row.tag % 2 == 0 ? train_ : test_)[row.tag / 2];
    const Index d = ensemble.components();
    std::copy_n(row.values, d, &ensemble.x(0, row.key - ensemble.partition.first_row()));
  });
}

}  // namespace weir
