#include "methods/latent_ebm/PoolRestart.hpp"

#include <cmath>

#include "weir/ensemble/Sample.hpp"

namespace weir {

namespace {
constexpr Index centres_tick = 5 << 20;  // among the draws of rows
}

RestartLaw make_restart_law(const RestartOptions& options, const Ensemble& rows, Index latent, Index seed) {
  RestartLaw law;
  law.data = rows.components();
  law.latent = latent;
  const auto* metropolised = std::get_if<MetropolisedRestart>(&options.kind);
  law.metropolised = metropolised != nullptr;
  if (!metropolised) return law;
  law.bandwidth = metropolised->bandwidth;
  std::vector<Real> centres = sample_on(0, rows, metropolised->centres, seed, centres_tick);
  rows.comm.broadcast(centres);
  law.centres = Matrix<Real>("Weir::RestartLaw::centres", law.data, Index(centres.size()) / law.data);
  const auto host = Kokkos::create_mirror_view(law.centres);
  std::copy(centres.begin(), centres.end(), host.data());
  Kokkos::deep_copy(law.centres, host);
  return law;
}

template <class T>
PoolRestart<T>::PoolRestart(const RestartLaw& law, const Partition& partition, Index seed, int stage)
    : law_(law),
      tiles_(partition.local()),
      choice_(seed, Stream::restart_choice, stage),
      proposal_(seed, Stream::restart_proposal, stage),
      chosen_("Weir::PoolRestart::chosen", partition.tile_size()),
      host_chosen_(Kokkos::create_mirror_view(chosen_)),
      old_("Weir::PoolRestart::old", law.data + law.latent, partition.tile_size()),
      new_("Weir::PoolRestart::new", law.data + law.latent, partition.tile_size()),
      old_energies_("Weir::PoolRestart::old_energies", partition.tile_size()),
      new_energies_("Weir::PoolRestart::new_energies", partition.tile_size()) {}

template <class T>
void PoolRestart<T>::apply(Real probability, Index tick, Real temperature, LatentEnergy<T>& energy,
                           const VectorRef<const T>& theta, const MatrixRef<Real>& x) {
  for (Index t = 0; t < tiles_.tiles; ++t) {
    const Tile tile = tiles_[t];
    const Index count = choose(tile, probability, tick);
    if (count == 0) continue;
    propose(tile, tick, count, x);
    const auto part = [count](const Vector<T>& all) { return VectorRef<T>(all.data(), std::size_t(count)); };
    if (law_.metropolised) {
      energy.evaluate(theta, first_columns(old_, count), {}, part(old_energies_));
      energy.evaluate(theta, first_columns(new_, count), {}, part(new_energies_));
    }
    proposed_ += count;
    accepted_ += accept(tile, tick, count, temperature, x);
  }
}

template <class T>
Index PoolRestart<T>::choose(const Tile& tile, Real probability, Index tick) {
  Index count = 0;
  for (Index i = 0; i < tile.count; ++i)
    if (choice_.uniform(tile.global + i, tick, 0) < probability) host_chosen_(count++) = i;
  Kokkos::deep_copy(chosen_, host_chosen_);
  return count;
}

template <class T>
void PoolRestart<T>::propose(const Tile& tile, Index tick, Index count, const MatrixRef<Real>& x) {
  const RestartLaw law = law_;
  const Random random = proposal_;
  const auto chosen = chosen_;
  const auto before = old_, after = new_;
  const Index d = law_.data + law_.latent;
  Kokkos::parallel_for(
      "Weir::PoolRestart::propose", Range(0, count), KOKKOS_LAMBDA(Index k) {
        const Index i = chosen(k);
        for (Index c = 0; c < d; ++c) before(c, k) = T(x(c, tile.first + i));
        law.propose(random, tile.global + i, tick, &after(0, k));
      });
  Kokkos::fence();
}

template <class T>
Index PoolRestart<T>::accept(const Tile& tile, Index tick, Index count, Real temperature,
                             const MatrixRef<Real>& x) {
  const RestartLaw law = law_;
  const Random random = choice_;
  const auto chosen = chosen_;
  const auto before = old_, after = new_;
  const auto old_energies = old_energies_, new_energies = new_energies_;
  const Index d = law_.data + law_.latent;
  Index accepted = 0;
  Kokkos::parallel_reduce(
      "Weir::PoolRestart::accept", Range(0, count),
      KOKKOS_LAMBDA(Index k, Index & sum) {
        const Index i = chosen(k);
        if (law.metropolised) {
          const Real change = (Real(old_energies(k)) - Real(new_energies(k))) / temperature;
          if (!(fabs(change) < 1e300)) return;
          const Real ratio = change + law.log_density(&before(0, k)) - law.log_density(&after(0, k));
          if (ratio < log(random.uniform(tile.global + i, tick, 1))) return;
        }
        ++sum;
        for (Index c = 0; c < d; ++c) x(c, tile.first + i) = Real(after(c, k));
      },
      accepted);
  return accepted;
}

template class PoolRestart<float>;
template class PoolRestart<double>;

}  // namespace weir
