#include "methods/populations/Partners.hpp"

#include <algorithm>

#include "weir/base/Error.hpp"
#include "weir/ensemble/Moments.hpp"
#include "weir/ensemble/RowExchange.hpp"
#include "weir/output/Checkpoint.hpp"

namespace weir {

HostMatrix<Real> look_up(const Communicator& comm, const Partition& partition,
                         const MatrixRef<const Real>& values, const std::vector<Index>& rows) {
  const Index columns = Index(values.extent(0));
  Kokkos::fence();
  RowExchange questions(comm, 1), answers(comm, columns);
  const Real here = Real(comm.rank());
  for (std::size_t i = 0; i < rows.size(); ++i)
    questions.send(partition.owner_of_row(rows[i]), Index(i), rows[i], &here);
  questions.deliver([&](const RowExchange::Row& row) {
    answers.send(int(row.values[0]), row.tag, row.key, &values(0, row.key - partition.first_row()));
  });
  HostMatrix<Real> found("Weir::look_up::found", columns, rows.size());
  answers.deliver([&](const RowExchange::Row& row) { std::copy_n(row.values, columns, &found(0, row.tag)); });
  return found;
}

ExactPartners::ExactPartners(const Ensemble& x, const Ensemble& y)
    : comm_(x.comm),
      width_(x.components() + 2),
      sides_{{x.partition, std::vector<std::vector<Real>>(std::size_t(x.partition.local_rows()))},
             {y.partition, std::vector<std::vector<Real>>(std::size_t(y.partition.local_rows()))}} {}

void ExactPartners::add(Towards towards, Index row, const Real* entry) {
  Side& to = side(towards);
  auto& entries = to.entries[std::size_t(row - to.partition.first_row())];
  entries.insert(entries.end(), entry, entry + width_);
}

void ExactPartners::draw(Towards towards, Walkers& walkers, const Random& random, Index tick) {
  const Side& from = side(towards);
  const Index first = walkers.at.partition.first_particle(), d = width_ - 2;
  RowExchange questions(comm_, 2), answers(comm_, 1 + d);
  for (std::size_t i = 0; i < walkers.rows.size(); ++i) {
    const Real asked[2] = {Real(comm_.rank()), random.uniform(first + Index(i), tick, 0)};
    questions.send(from.partition.owner_of_row(walkers.rows[i]), Index(i), walkers.rows[i], asked);
  }
  std::vector<Real> answer(std::size_t(1 + d));
  questions.deliver([&](const RowExchange::Row& row) {
    const auto& entries = from.entries[std::size_t(row.key - from.partition.first_row())];
    Real mass = 0;
    for (std::size_t e = 0; e < entries.size(); e += std::size_t(width_)) mass += entries[e + 1];
    Real left = row.values[1] * mass;
    std::size_t e = 0;
    while (e + std::size_t(width_) < entries.size() && (left -= entries[e + 1]) >= 0)
      e += std::size_t(width_);
    answer[0] = entries[e];
    std::copy_n(&entries[e + 2], d, &answer[1]);
    answers.send(int(row.values[0]), row.tag, row.key, answer.data());
  });
  answers.deliver([&](const RowExchange::Row& row) {
    walkers.rows[std::size_t(row.tag)] = Index(row.values[0]);
    std::copy_n(&row.values[1], d, &walkers.at.x(0, row.tag));
  });
}

std::vector<Real> ExactPartners::growth(Towards, const Walkers& walkers) {
  return std::vector<Real>(walkers.rows.size(), 1);
}

void ExactPartners::save(Hdf5File& file, const std::string& group) const {
  for (int s = 0; s < 2; ++s) {
    const Side& side = sides_[s];
    const Matrix<Real> counts("Weir::ExactPartners::counts", 1, side.entries.size());
    std::vector<Real> all;
    for (std::size_t i = 0; i < side.entries.size(); ++i) {
      counts(0, i) = Real(side.entries[i].size()) / Real(width_);
      all.insert(all.end(), side.entries[i].begin(), side.entries[i].end());
    }
    write_particles(file, fmt::format("{}/counts/{}", group, s), side.partition, counts);
    const Index here = Index(all.size()) / width_;
    file.write_rows(fmt::format("{}/entries/{}", group, s), all.data(), here, comm_.exclusive_prefix(here),
                    comm_.sum(here), width_);
  }
}

void ExactPartners::restore(const Hdf5File& file, const std::string& group) {
  for (int s = 0; s < 2; ++s) {
    Side& side = sides_[s];
    const Matrix<Real> counts("Weir::ExactPartners::counts", 1, side.entries.size());
    read_particles(file, fmt::format("{}/counts/{}", group, s), side.partition, counts);
    Index here = 0;
    for (std::size_t i = 0; i < side.entries.size(); ++i) here += Index(counts(0, i));
    std::vector<Real> all(std::size_t(here * width_));
    file.read_rows(fmt::format("{}/entries/{}", group, s), all.data(), here, comm_.exclusive_prefix(here));
    auto from = all.begin();
    for (std::size_t i = 0; i < side.entries.size(); ++i) {
      const auto to = from + Index(counts(0, i)) * width_;
      side.entries[i].assign(from, to);
      from = to;
    }
  }
}

EntropicPartners::EntropicPartners(const Ensemble& x, const Ensemble& y, Real epsilon, bool single)
    : epsilon_(epsilon),
      single_(single),
      x_{x, Matrix<Real>("Weir::EntropicPartners::x", 2, x.x.extent(1))},
      y_{y, Matrix<Real>("Weir::EntropicPartners::y", 2, y.x.extent(1))} {}

void EntropicPartners::keep(const SinkhornResult& result) {
  const auto copy = [&](const Matrix<Real>& to, const Vector<Real>& potential, const Vector<Real>& mass) {
    for (Index i = 0; i < Index(potential.extent(0)); ++i) {
      to(0, i) = potential(i) / epsilon_;
      to(1, i) = mass(i);
    }
  };
  Kokkos::fence();
  copy(x_.known, result.f, result.at_x.mass);
  copy(y_.known, result.g, result.at_y.mass);
}

Matrix<Real> EntropicPartners::heights(Towards towards) const {
  const auto& known = (towards == Towards::next ? y_ : x_).known;
  const Matrix<Real> heights("Weir::EntropicPartners::heights", 1, known.extent(1));
  Kokkos::deep_copy(Kokkos::subview(heights, 0, Kokkos::ALL), Kokkos::subview(known, 0, Kokkos::ALL));
  return heights;
}

void EntropicPartners::draw(Towards towards, Walkers& walkers, const Random& random, Index tick) {
  const Side& partners = towards == Towards::next ? y_ : x_;
  single_ ? draw_in<float>(partners, walkers, {random, tick})
          : draw_in<double>(partners, walkers, {random, tick});
}

/// pi_ij / sum_j pi_ij is a softmax of g_j / epsilon - |x_i - y_j|^2 / epsilon, whatever the marginal at x_i
/// is.
template <class T>
void EntropicPartners::draw_in(const Side& partners, Walkers& walkers, const SoftmaxDraw& draw) {
  const Ensemble &from = walkers.at, &to = partners.ensemble;
  const Index d = to.components(), here = from.partition.local_particles();
  const auto centre = Moments(to.comm, to.partition, d).mean(to.x);
  const auto centred = [&](const Matrix<Real>& x) {
    Matrix<Real> moved("Weir::EntropicPartners::centred", d, x.extent(1));
    for (Index i = 0; i < Index(x.extent(1)); ++i)
      for (Index c = 0; c < d; ++c) moved(c, i) = x(c, i) - centre[std::size_t(c)];
    return moved;
  };
  const Vector<Index> drawn("Weir::EntropicPartners::drawn", here);
  const Matrix<Real> at("Weir::EntropicPartners::at", d, here),
      heights("Weir::EntropicPartners::heights", 1, to.x.extent(1));
  Kokkos::deep_copy(Kokkos::subview(heights, 0, Kokkos::ALL),
                    Kokkos::subview(partners.known, 0, Kokkos::ALL));
  SoftmaxSum<T> softmax(to.comm, from.partition, to.partition, d);
  softmax("partners of a coupling", 1 / epsilon_, centred(from.x), centred(to.x), heights,
          {{}, {}, drawn, at}, draw);
  for (Index i = 0; i < here; ++i) walkers.rows[std::size_t(i)] = drawn(i);
  Kokkos::deep_copy(walkers.at.x, look_up(to.comm, to.partition, to.x, walkers.rows));
}

std::vector<Real> EntropicPartners::growth(Towards towards, const Walkers& walkers) {
  const Side& at = towards == Towards::next ? x_ : y_;
  const auto known = look_up(at.ensemble.comm, at.ensemble.partition, at.known, walkers.rows);
  std::vector<Real> growth;
  for (std::size_t i = 0; i < walkers.rows.size(); ++i)
    growth.push_back(known(1, i) * Real(at.ensemble.particles()));
  return growth;
}

void EntropicPartners::save(Hdf5File& file, const std::string& group) const {
  write_particles(file, group + "/x", x_.ensemble.partition, x_.known);
  write_particles(file, group + "/y", y_.ensemble.partition, y_.known);
}

void EntropicPartners::restore(const Hdf5File& file, const std::string& group) {
  read_particles(file, group + "/x", x_.ensemble.partition, x_.known);
  read_particles(file, group + "/y", y_.ensemble.partition, y_.known);
}

}  // namespace weir
