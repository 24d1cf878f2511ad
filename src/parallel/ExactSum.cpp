#include "weir/parallel/ExactSum.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "parallel/ExactLanes.hpp"
#include "weir/base/Error.hpp"

namespace weir {

namespace {

using namespace exact_lanes;

Index strips(Index length) {
  return (length + width - 1) / width;
}

template <int limbs, class T>
void add_to_sums(const MatrixRef<const T>& partials, const ExactAccumulator::Share& share_of, int exponent,
                 bool fresh, const Vector<std::int64_t>& into, const Vector<bool>& bad_strips) {
  const auto share = share_of;
  const Index length = share.length;
  const Real scale = std::ldexp(Real(1), -exponent);
  const auto sums = into;
  const auto bad = bad_strips;
  const MatrixRef<const T> from = partials;
  Kokkos::parallel_for(
      "Weir::ExactSum::split", Range(0, strips(length)), KOKKOS_LAMBDA(Index strip) {
        const Index first = strip * width;
        bool finite = true;
        if (first + width <= length) {
          finite = add_lanes<limbs, Lanes>(from, share, first, scale, fresh, &sums(0));
        } else {
          for (Index c = first; c < length; ++c)
            finite = add_lanes<limbs, Real>(from, share, c, scale, fresh, &sums(0)) && finite;
        }
        if (!finite) bad(share.first_strip + strip) = true;
      });
}

template <class T>
Real largest_magnitude(const MatrixRef<const T>& partials) {
  const Index length = Index(partials.extent(0)), columns = Index(partials.extent(1));
  const MatrixRef<const T> from = partials;
  Real largest = 0;
  Kokkos::parallel_reduce(
      "Weir::ExactSum::largest", Range(0, columns),
      KOKKOS_LAMBDA(Index t, Real & most) {
        const Real here = length > 0 ? largest_of(&from(0, t), length) : 0;
        most = here > most ? here : most;
      },
      Kokkos::Max<Real>(largest));
  return std::max(largest, Real(0));
}

}  // namespace

namespace {

/// Where the components of each rank end.
std::vector<Index> ends_of(const Partition& owners, Index length) {
  std::vector<Index> ends;
  for (int rank = 0; rank < owners.ranks(); ++rank)
    ends.push_back(std::min(length, owners.first_particle(rank + 1)));
  ends.back() = length;
  return ends;
}

std::vector<int> lengths_of(const std::vector<Index>& ends) {
  std::vector<int> lengths;
  Index first = 0;
  for (const Index end : ends) {
    lengths.push_back(int(end - first));
    first = end;
  }
  return lengths;
}

/// A bound that is not finite only comes of summands that are not: they are found out while adding.
Real finite_bound(Real bound) {
  WEIR_CHECK(!(bound < 0), "bound {}", bound);
  return std::isfinite(bound) ? bound : largest_number;
}

}  // namespace

ExactAccumulator::ExactAccumulator(const Communicator& comm, Index length, int limbs)
    : ExactAccumulator(comm, length, limbs, std::vector<Index>{length}) {}

ExactAccumulator::ExactAccumulator(const Communicator& comm, Index length, int limbs, const Partition& owners)
    : ExactAccumulator(comm, length, limbs, ends_of(owners, length)) {
  has_owners_ = true;
  WEIR_CHECK(owners.ranks() == comm.size() && owners.particles() >= length, "{} owners of {} sums",
             owners.particles(), length);
}

ExactAccumulator::ExactAccumulator(const Communicator& comm, Index length, int limbs,
                                   const std::vector<Index>& ends)
    : comm_(comm), deal_(comm, lengths_of(ends)), length_(length), limbs_(limbs) {
  WEIR_CHECK(limbs == 2 || limbs == 3, "{} limbs", limbs);
  Index first = 0, place = 0, strip = 0;
  for (const Index end : ends) {
    shares_.push_back({first, end - first, place, strip});
    strip += strips(end - first);
    place += limbs * (end - first) + 2;
    first = end;
  }
  WEIR_CHECK(shares_.size() == 1 || place <= Index(std::numeric_limits<int>::max()), "{} numbers to deal",
             place);
  for (const Share& share : shares_) counts_.push_back(int(limbs * share.length + 2));
  for (int r = 0; r < comm.size(); ++r) said_offsets_.push_back(2 * r);
  said_counts_.assign(std::size_t(comm.size()), 2);
  said_.assign(std::size_t(2 * comm.size()), 0);
  sums_ = Vector<std::int64_t>("Weir::ExactSum::sums", place);
  host_sums_ = Kokkos::create_mirror_view(sums_);
  bad_ = Vector<bool>("Weir::ExactSum::bad", strip);
  host_bad_ = Kokkos::create_mirror_view(bad_);
}

void ExactAccumulator::start(Real bound) {
  columns_of_ranks_.clear();
  begin(comm_.max(finite_bound(bound)));
}

void ExactAccumulator::start(Real bound, Index columns) {
  if (!adds_few_as_they_are()) return start(bound);
  columns_of_ranks_.resize(std::size_t(comm_.size()));
  said_[std::size_t(2 * comm_.rank())] = bound;
  said_[std::size_t(2 * comm_.rank() + 1)] = Real(columns);
  if (comm_.size() > 1) comm_.all_gather_in_place(said_.data(), said_counts_, said_offsets_);
  Real largest = 0;
  for (std::size_t r = 0; r < columns_of_ranks_.size(); ++r) {
    largest = std::max(largest, said_[2 * r]);
    columns_of_ranks_[r] = Index(said_[2 * r + 1]);
  }
  all_finite_ = std::isfinite(largest);
  begin(finite_bound(largest));
}

void ExactAccumulator::begin(Real largest) {
  empty_ = largest == 0;
  exponent_ = empty_ ? 0 : std::max(std::ilogb(largest) + 1, -1000);
  fresh_ = true;
  columns_ = 0;
  Kokkos::deep_copy(bad_, false);
}

template <class T>
void ExactAccumulator::add_columns(const MatrixRef<const T>& partials) {
  WEIR_CHECK(Index(partials.extent(0)) == length_, "{} sums of {}", partials.extent(0), length_);
  for (const Share& share : shares_)
    if (limbs_ == 2)
      add_to_sums<2>(partials, share, exponent_, fresh_, sums_, bad_);
    else
      add_to_sums<3>(partials, share, exponent_, fresh_, sums_, bad_);
  fresh_ = false;
  columns_ += Index(partials.extent(1));
}
void ExactAccumulator::add(const MatrixRef<const Real>& partials) {
  add_columns(partials);
}
void ExactAccumulator::add(const MatrixRef<const float>& partials) {
  add_columns(partials);
}

void ExactAccumulator::finish(Real* totals, const std::string& what, Real sign) {
  if (fresh_) Kokkos::deep_copy(sums_, 0);
  Kokkos::deep_copy(host_sums_, sums_);
  Kokkos::deep_copy(host_bad_, bad_);
  const bool bad =
      std::any_of(host_bad_.data(), host_bad_.data() + host_bad_.size(), [](bool flag) { return flag; });
  for (const Share& share : shares_) {
    host_sums_(share.place + limbs_ * share.length) = columns_;
    host_sums_(share.place + limbs_ * share.length + 1) = bad;
  }
  const bool dealt = shares_.size() > 1;
  if (dealt)
    comm_.sum_to_owners(host_sums_.data(), counts_);
  else if (comm_.size() > 1)
    comm_.sum(host_sums_.data(), Index(host_sums_.size()));
  const Share& own = shares_[std::size_t(dealt ? comm_.rank() : 0)];
  const Index length = own.length;
  const std::int64_t* sums = host_sums_.data();
  if (sums[limbs_ * length + 1] > 0) throw RunError(fmt::format("{} is not finite", what));
  if (empty_) {
    std::fill_n(totals, length, sign * 0);
    return;
  }
  const Scaling scaling(exponent_, 1);
  const bool few = sums[limbs_ * length] < most_exact_columns;  // so that |l0| < 2^52
  Index c = 0;
  for (; few && c + width <= length; c += width)
    compose_lanes<Lanes>(sums + c, length, limbs_, scaling, totals + c);
  for (; c < length; ++c)
    totals[c] = compose(sums[c], sums[length + c], limbs_ > 2 ? sums[2 * length + c] : 0, exponent_);
  if (sign != 1) std::for_each(totals, totals + length, [sign](Real& total) { total *= sign; });
}

bool ExactAccumulator::sum_few(const MatrixRef<const float>& partials, Real sign, Real* totals,
                               const std::string& what) {
  if (!adds_few_as_they_are() || columns_of_ranks_.empty()) return false;
  Index columns = 0;
  for (const Index some : columns_of_ranks_) columns += some;
  if (columns >= most_exact_columns) return false;
  const bool dealt = shares_.size() > 1;
  if (dealt && !take_less_room_than_limbs(columns, deal_.most_of_owner(), length_, comm_.size()))
    return false;
  if (!all_finite_) throw RunError(fmt::format("{} is not finite", what));
  MatrixRef<const float> all = partials;
  if (dealt) {
    auto* const parts = reinterpret_cast<float*>(sums_.data());  // where the limbs would stand
    deal_(partials.data(), columns_of_ranks_, parts);
    all = MatrixRef<const float>(parts, std::size_t(shares_[std::size_t(comm_.rank())].length),
                                 std::size_t(columns));
  }
  add_as_they_are(all, sign, totals, what);
  return true;
}

void ExactAccumulator::add_as_they_are(const MatrixRef<const float>& all, Real sign, Real* totals,
                                       const std::string& what) {
  constexpr Index stretch = 64 * width;
  const Index length = Index(all.extent(0));
  const bool single = all.extent(1) == 1;
  const Scaling scaling(exponent_, sign);
  Index bad = 0;
  Kokkos::parallel_reduce(
      "Weir::ExactSum::add_as_they_are", Range(0, (length + stretch - 1) / stretch),
      KOKKOS_LAMBDA(Index k, Index & found) {
        const Index first = k * stretch, end = first + stretch < length ? first + stretch : length;
        const auto copy = [&](Index c, auto& bad_lanes) { copy_lanes(all, c, sign, totals, bad_lanes); };
        const auto sum = [&](Index c, auto& bad_lanes) { sum_lanes(all, c, scaling, totals, bad_lanes); };
        found += Index(!(single ? for_all_lanes(first, end, copy) : for_all_lanes(first, end, sum)));
      },
      bad);
  if (bad > 0) throw RunError(fmt::format("{} is not finite", what));
}

void ExactSum::operator()(const MatrixRef<const Real>& partials, Real* totals, const std::string& what,
                          Real sign) {
  accumulator_.start(largest_magnitude(partials));
  accumulator_.add(partials);
  accumulator_.finish(totals, what, sign);
}
void ExactSum::operator()(const MatrixRef<const float>& partials, Real* totals, const std::string& what,
                          Real sign) {
  const Index columns = Index(partials.extent(1));
  // A single column is its own sum: nothing has to be known of its size.
  const bool single = comm_.size() == 1 && columns == 1 && accumulator_.adds_few_as_they_are();
  accumulator_.start(single ? 0 : largest_magnitude(partials), columns);
  if (accumulator_.sum_few(partials, sign, totals, what)) return;
  accumulator_.add(partials);
  accumulator_.finish(totals, what, sign);
}

Real ExactSum::operator()(const Real* partials, Index count, const std::string& what) {
  HostMatrix<Real> copy("Weir::ExactSum::partials", 1, count);
  std::copy_n(partials, count, copy.data());
  Real total = 0;
  (*this)(Kokkos::create_mirror_view_and_copy(MemorySpace(), copy), &total, what);
  return total;
}

}  // namespace weir
