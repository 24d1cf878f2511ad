#include "methods/latent_ebm/likelihood/Likelihood.hpp"

#include <algorithm>
#include <cmath>

#include "methods/latent_ebm/EbmStages.hpp"
#include "methods/latent_ebm/likelihood/AnnealingFlow.hpp"
#include "methods/latent_ebm/likelihood/GridLikelihood.hpp"
#include "methods/latent_ebm/likelihood/PosteriorFit.hpp"
#include "weir/base/Error.hpp"
#include "weir/ensemble/Parts.hpp"
#include "weir/ensemble/Sample.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/output/CommittedFile.hpp"

namespace weir {

namespace {

constexpr Real largest_grid_error = 0.05;

/// Rows and their labels, cut so that they lie with their chains.
LabelledRows rows_of(const LikelihoodOptions& likelihood, const EbmData& data, const RunOptions& run) {
  const Index tile = std::max(Index(1), run.tile / likelihood.repeats);
  const auto cut = [&](const Ensemble& rows, const std::optional<Ensemble>& labels) {
    LabelledRows found{first_particles(rows, likelihood.rows, tile), {}};
    if (labels) found.labels = first_particles(*labels, likelihood.rows, tile);
    return found;
  };
  return data.scored ? cut(data.scored->rows, data.scored->labels) : cut(data.law.test, data.law.test_labels);
}

}  // namespace

EbmLikelihood::EbmLikelihood(const LatentEbmOptions& options, const EbmModel& model, const EbmData& data,
                             RunOutput& output, RunControl& control)
    : options_(options),
      likelihood_(*options.likelihood),
      model_(model),
      data_(data.law),
      output_(output),
      control_(control),
      given_(output.comm(), 0, model.shape.data, 1),
      rows_(given_) {
  LabelledRows found = rows_of(likelihood_, data, output.run());
  given_ = found.rows;
  labels_ = found.labels;
  rows_ = copy_of(given_);
  model.standardisation.apply(rows_.x);
}

void EbmLikelihood::check(const LatentEbmOptions& options, const EnergyShape& shape) {
  if (options.likelihood && options.likelihood->by == "grid" && shape.components() > most_grid_components)
    throw InputError(
        options.where + ".likelihood.by",
        fmt::format("a grid is for at most {} components of data and latents together, and these are {}; "
                    "choose annealing",
                    most_grid_components, shape.components()));
}

bool EbmLikelihood::by_grid(const LikelihoodOptions& options, const EnergyShape& shape) {
  return options.by == "grid" || (options.by == "auto" && shape.components() <= most_grid_components);
}

bool EbmLikelihood::run() {
  if (by_grid(likelihood_, model_.shape))
    run_grid();
  else if (!run_annealing())
    return false;
  write();
  return !likelihood_.gaussian_bound || model_.shape.latent == 0 || run_bounds();
}

void EbmLikelihood::run_grid() {
  const GridPoints wanted{likelihood_.grid, likelihood_.latent_grid};
  density_ = density_on_grid(model_, rows_, wanted, output_.run());
  log_z_ = density_->log_z;
  metrics_.emplace_back("log_z", log_z_);
  metrics_.emplace_back("grid_error", density_->error);
  output_.log(fmt::format("likelihood by a grid of {} points along each component of x, {} of z",
                          density_->points, density_->latent_points));
  if (std::abs(density_->error) > largest_grid_error)
    output_.log(
        fmt::format("warning: log_z changes by {:.2g} with every other point of the grid; more "
                    "`likelihood.grid` or `likelihood.latent_grid` may help",
                    density_->error));
  report(log_marginals_on_grid(model_, rows_, wanted, output_.run()));
}

namespace {

/// Points of the grid and the density there, both in the units of the data.
void write_density(Hdf5File& file, const GridDensity& density, const Standardisation& standardisation,
                   Index tile) {
  const Index d = Index(density.low.size());
  const Ensemble values = copy_of(density.log_density);
  Ensemble points(values.comm, values.particles(), d, tile);
  const auto x = Kokkos::create_mirror_view(points.x);
  const auto value = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), values.x);
  for (Index i = 0; i < points.partition.local_particles(); ++i) {
    Index number = points.partition.first_particle() + i;
    for (std::size_t c = 0; c < std::size_t(d); ++c, number /= density.points)
      x(Index(c), i) = density.low[c] + (density.high[c] - density.low[c]) * Real(number % density.points) /
                                            Real(density.points - 1);
    value(0, i) += standardisation.log_volume();
  }
  Kokkos::deep_copy(points.x, x);
  Kokkos::deep_copy(values.x, value);
  standardisation.undo(points.x);
  write_particles(file, "/density/points", points.partition, points.x);
  write_particles(file, "/density/log_density", values.partition, values.x);
  file.write("/density/shape", std::vector<Real>(std::size_t(d), Real(density.points)), {d});
}

}  // namespace

void EbmLikelihood::write() const {
  commit_hdf5(output_.comm(), output_.path("likelihood.h5"), [&](Hdf5File& file) {
    write_particles(file, "/log_likelihood", log_likelihoods_->partition, log_likelihoods_->x);
    write_particles(file, "/rows", given_.partition, given_.x);
    if (labels_) write_particles(file, "/labels", labels_->partition, labels_->x);
    if (effective_chains_)
      write_particles(file, "/effective_chains", effective_chains_->partition, effective_chains_->x);
    if (density_ && model_.shape.data <= 2)
      write_density(file, *density_, model_.standardisation, output_.run().tile);
  });
}

bool EbmLikelihood::run_annealing() {
  AnnealingOptions options;
  options.temperatures = likelihood_.temperatures;
  options.chains = likelihood_.chains;
  pool_weights_ = anneal(model_, options, "normalise", options_.where + ".likelihood", output_, control_);
  if (!pool_weights_) return false;
  const AnnealedIntegral z = integral_of(*pool_weights_);
  log_z_ = z.log_value;
  metrics_.emplace_back("log_z", z.log_value);
  metrics_.emplace_back("log_z_error", z.error);
  metrics_.emplace_back("effective_chains", z.effective_chains);
  if (z.effective_chains < 0.02 * Real(likelihood_.chains))
    output_.log(
        fmt::format("warning: {:.0f} of {} annealed chains count: log_z is not to be trusted; more "
                    "`likelihood.temperatures` may help",
                    z.effective_chains, likelihood_.chains));
  if (!anneal_rows()) return false;
  const AnnealedRows rows = integrals_of_rows(*row_weights_, likelihood_.repeats);
  report(rows.log_values);
  effective_chains_ = rows.effective_chains;
  metrics_.emplace_back("row_effective_chains",
                        mean_and_error(rows.effective_chains, rows_.particles()).mean);
  metrics_.emplace_back("annealing_error", std::hypot(z.error, rows.error));
  return true;
}

/// Anneals z given each row; without latents the energy itself is the answer.
bool EbmLikelihood::anneal_rows() {
  if (row_weights_) return true;
  AnnealingOptions options;
  options.temperatures = model_.shape.latent > 0 ? likelihood_.temperatures : 1;
  options.repeats = likelihood_.repeats;
  options.rows = rows_;
  row_weights_ = anneal(model_, options, "likelihood", options_.where + ".likelihood", output_, control_);
  return row_weights_.has_value();
}

/// `log_p`: log int exp(-E(x, z)) dz of each row; the density is of x in the units of the data.
void EbmLikelihood::report(const Ensemble& log_p) {
  const Real constant = model_.standardisation.log_volume() - log_z_;
  const auto values = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), log_p.x);
  for (Index i = 0; i < log_p.partition.local_particles(); ++i) values(0, i) += constant;
  Kokkos::deep_copy(log_p.x, values);
  log_likelihoods_ = log_p;
  const auto [mean, error] = mean_and_error(log_p, rows_.particles());
  metrics_.emplace_back("log_likelihood", mean);
  metrics_.emplace_back("log_likelihood_error", error);
}

bool EbmLikelihood::run_bounds() {
  if (!anneal_rows()) return false;
  const PosteriorFitOptions fit = careful_posterior_fit();
  const int number = latent_ebm_stages().number("bound");
  if (const Checkpoint* from = output_.restart(); from && from->standing().stage > number) {
    posterior_ = from->file().read("/bound/posterior");
  } else {
    const Ensemble rows = copy_of(data_.train);
    model_.standardisation.apply(rows.x);
    posterior_ = fit_posterior(model_, fit, rows, options_.where + ".likelihood", output_, control_);
    if (!posterior_) return false;
  }
  const Ensemble gaussian = gaussian_bounds(model_, fit.posterior, *posterior_, rows_, 16, output_.run());
  Ensemble gap(rows_.comm, rows_.particles(), 1, rows_.partition.tile_size());
  const auto g = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), gaussian.x);
  const auto w = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), row_weights_->x);
  const auto difference = Kokkos::create_mirror_view(gap.x);
  for (Index row = 0; row < gap.partition.local_particles(); ++row) {
    Real mean = 0;
    for (Index k = 0; k < likelihood_.repeats; ++k)
      mean += w(0, row * likelihood_.repeats + k) / Real(likelihood_.repeats);
    difference(0, row) = mean - g(0, row);
  }
  Kokkos::deep_copy(gap.x, difference);
  const Real of_gaussian = mean_and_error(gaussian, rows_.particles()).mean;
  const auto [by, error] = mean_and_error(gap, rows_.particles());
  const Real constant = model_.standardisation.log_volume() - log_z_;
  metrics_.emplace_back("particle_bound", of_gaussian + by + constant);
  metrics_.emplace_back("gaussian_bound", of_gaussian + constant);
  metrics_.emplace_back("bound_gap", by);
  metrics_.emplace_back("bound_gap_error", error);
  return true;
}

void EbmLikelihood::save(Hdf5File& file) const {
  if (pool_weights_) write_particles(file, "/annealed/normalise", pool_weights_->partition, pool_weights_->x);
  if (row_weights_) write_particles(file, "/annealed/likelihood", row_weights_->partition, row_weights_->x);
  if (posterior_) file.write("/bound/posterior", *posterior_, {Index(posterior_->size())});
}

}  // namespace weir
