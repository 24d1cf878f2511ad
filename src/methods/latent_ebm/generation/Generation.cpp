#include "methods/latent_ebm/generation/Generation.hpp"

#include <algorithm>
#include <cmath>

#include "methods/latent_ebm/EbmStages.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/Lapack.hpp"
#include "weir/ensemble/Parts.hpp"
#include "weir/ensemble/PrincipalComponents.hpp"
#include "weir/ensemble/RowExchange.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

Conditioning condition_on(const Standardisation& standardisation, Index components,
                          const std::vector<Index>& known) {
  const Index d = components, given = Index(known.size());
  const auto directions = standardisation.directions(d);  // column k: what a unit of y_k moves x by
  const auto a = [&](Index row, Index k) { return directions[std::size_t(k * d + known[std::size_t(row)])]; };
  std::vector<Real> square(std::size_t(d * d));  // A'A, A the given rows of the directions
  for (Index j = 0; j < d; ++j)
    for (Index k = 0; k < d; ++k)
      for (Index row = 0; row < given; ++row) square[std::size_t(j * d + k)] += a(row, j) * a(row, k);
  const SymmetricEigen eigen = symmetric_eigen(square, d);
  Conditioning found;
  found.free = d - given;
  found.basis.assign(eigen.vectors.begin(), eigen.vectors.begin() + std::ptrdiff_t(found.free * d));
  found.inverse.assign(std::size_t(d * given), 0);  // sum over the others of v (1/l) v' A'
  for (Index e = found.free; e < d; ++e) {
    const Real* v = &eigen.vectors[std::size_t(e * d)];
    if (!(eigen.values[std::size_t(e)] > 0)) continue;
    for (Index row = 0; row < given; ++row) {
      Real product = 0;
      for (Index k = 0; k < d; ++k) product += v[k] * a(row, k);
      for (Index c = 0; c < d; ++c)
        found.inverse[std::size_t(row * d + c)] += v[c] * product / eigen.values[std::size_t(e)];
    }
  }
  return found;
}

Ensemble gaussian_completions(const Ensemble& training, const Ensemble& given,
                              const std::vector<Index>& columns, const Random& random) {
  const Index d = training.components(), known = Index(columns.size()), open = d - known;
  const auto moments = mean_and_covariance(training);
  std::vector<Index> places = columns;  // of the known columns, then of the others
  for (Index c = 0; c < d; ++c)
    if (std::find(columns.begin(), columns.end(), c) == columns.end()) places.push_back(c);
  const auto s = [&](Index a, Index b) {
    return moments.covariance[std::size_t(places[std::size_t(a)] * d + places[std::size_t(b)])];
  };
  std::vector<Real> of_known(std::size_t(known * known));
  for (Index a = 0; a < known; ++a)
    for (Index b = 0; b < known; ++b) of_known[std::size_t(a * known + b)] = s(a, b);
  // K = S_ok S_kk^+ and R R' = S_oo - K S_ko, where columns that do not vary count for nothing.
  const SymmetricEigen kk = symmetric_eigen(of_known, known);
  const Real least = 1e-10 * std::max(Real(0), kk.values.back());
  std::vector<Real> gain(std::size_t(open * known), 0), rest(std::size_t(open * open));
  for (Index e = 0; e < known; ++e) {
    if (kk.values[std::size_t(e)] <= least) continue;
    const Real* u = &kk.vectors[std::size_t(e * known)];
    for (Index a = 0; a < open; ++a) {
      Real along = 0;
      for (Index b = 0; b < known; ++b) along += s(known + a, b) * u[b];
      for (Index b = 0; b < known; ++b)
        gain[std::size_t(a * known + b)] += along * u[b] / kk.values[std::size_t(e)];
    }
  }
  for (Index a = 0; a < open; ++a)
    for (Index b = 0; b < open; ++b) {
      Real value = s(known + a, known + b);
      for (Index k = 0; k < known; ++k) value -= gain[std::size_t(a * known + k)] * s(k, known + b);
      rest[std::size_t(a * open + b)] = value;
    }
  const SymmetricEigen oo = symmetric_eigen(rest, open);
  Ensemble completed = copy_of(given);
  const auto x = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), completed.x);
  const auto mean = [&](Index a) { return moments.mean[std::size_t(places[std::size_t(a)])]; };
  for (Index i = 0; i < completed.partition.local_particles(); ++i) {
    const Index id = completed.partition.first_particle() + i;
    for (Index a = 0; a < open; ++a) {
      Real value = mean(known + a);
      for (Index k = 0; k < known; ++k)
        value += gain[std::size_t(a * known + k)] * (x(places[std::size_t(k)], i) - mean(k));
      for (Index e = 0; e < open; ++e)
        value += oo.vectors[std::size_t(e * open + a)] *
                 std::sqrt(std::max(Real(0), oo.values[std::size_t(e)])) * random.normal(id, 0, e);
      x(places[std::size_t(known + a)], i) = value;
    }
  }
  Kokkos::deep_copy(completed.x, x);
  return completed;
}

namespace {

/// Chain i begins at particle i mod P of the pool, wherever that lies.
void start_at_pool(const Ensemble& pool, const Ensemble& chains) {
  RowExchange exchange(pool.comm, pool.components());
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), pool.x);
  const Index first = pool.partition.first_particle();
  for (Index p = 0; p < pool.partition.local_particles(); ++p)
    for (Index chain = first + p; chain < chains.particles(); chain += pool.particles())
      exchange.send(chains.partition.owner_of_row(chain), 0, chain, &host(0, p));
  const auto to = Kokkos::create_mirror_view(chains.x);
  exchange.deliver([&](const RowExchange::Row& row) {
    for (Index c = 0; c < pool.components(); ++c)
      to(c, row.key - chains.partition.first_row()) = row.values[c];
  });
  Kokkos::deep_copy(chains.x, to);
}

}  // namespace

EbmGeneration::EbmGeneration(const LatentEbmOptions& options, const EbmModel& model, const EbmData& data,
                             RunOutput& output, RunControl& control)
    : options_(options),
      model_(model),
      data_(data.law),
      output_(output),
      control_(control),
      stages_(latent_ebm_stages()),
      observed_(data.observed ? *data.observed : data.law.test),
      given_latents_(data.latents) {}

bool EbmGeneration::run() {
  if (!run_leg(sampling_leg())) return false;
  if (options_.generate.given && !run_leg(completing_leg())) return false;
  if (model_.shape.latent == 0) return true;
  if (options_.generate.reconstruct && !(run_leg(inferring_leg()) && run_leg(reconstructing_leg())))
    return false;
  return !given_latents_ ||
         run_leg(leg_of_latents("from_latents", *given_latents_, options_.generate.from_latents->steps));
}

bool EbmGeneration::run_leg(const Leg& leg) {
  const int number = stages_.number(leg.stage);
  if (const Checkpoint* from = output_.restart(); from && from->standing().stage > number) {
    Ensemble v(leg.start.comm, leg.start.particles(), model_.shape.components(),
               leg.start.partition.tile_size());
    read_particles(from->file(), "/generated/" + leg.stage, v.partition, v.x);
    finish_leg(leg.stage, v);
    return true;
  }
  RunOptions run = output_.run();
  run.tile = leg.start.partition.tile_size();
  SamplingOptions sampling;
  sampling.rule = model_.mover(leg.parts.free_data > 0, leg.parts.free_latents);
  sampling.moves = moves_of_step(std::max(leg.steps, Index(1)));
  const auto flow = make_sampling_flow(model_.options, model_.shape, model_.energy.parameters, leg.parts,
                                       sampling, leg.restarts ? &model_.restart : nullptr, output_.comm(),
                                       leg.start.particles(), run, number);
  SteppingOptions stepping;
  stepping.end = Real(std::max(leg.steps, Index(1)));
  stepping.step = Real(sampling.moves);
  stepping.seed = run.seed;
  stepping.stage = number;
  stepping.single = run.single_precision();
  stepping.remedy = "smaller steps of the movers may help";
  Stage stage(stepping, *flow, options_.where + ".generate");
  Kokkos::deep_copy(BlockViews(*flow->layout(), stage.state().vec())[0], flow->coordinates(leg.start));
  output_.log(fmt::format("{}: {} chains of {} moves", leg.stage, leg.start.particles(), leg.steps));
  if (leg.steps > 0 && !control_.run(stage, number, [](const Tick&) {})) return false;
  for (const auto& [name, value] : stage.rule_report())
    if (name == "samples_acceptance") output_.summarise(leg.stage + "_acceptance", value);
  const ConstBlockViews blocks(*flow->layout(), stage.state().vec());
  Ensemble v = flow->assemble(blocks[0]);
  if (options_.generate.denoise && leg.parts.free_data > 0) {
    std::vector<Real> variances = model_.standardisation.scaled(model_.data_noise, model_.shape.data);
    for (Real& variance : variances) variance *= variance;
    v = flow->denoise(v, variances);
  }
  finish_leg(leg.stage, v);
  return true;
}

/// x and z apart, x in the units of the data.
void EbmGeneration::finish_leg(const std::string& stage, const Ensemble& v) {
  const Index dx = model_.shape.data;
  Ensemble x = components_of(v, 0, dx);
  model_.standardisation.undo(x.x);
  if (stage == "condition") keep_given(x);
  ended_.emplace(stage, v);
  data_of_.emplace(stage, x);
  latents_of_.emplace(stage, components_of(v, dx, model_.shape.components()));
}

EbmGeneration::Leg EbmGeneration::sampling_leg() const {
  SampledParts parts;
  parts.free_data = model_.shape.data;
  Ensemble start(output_.comm(), options_.generate.count, model_.shape.components(), output_.run().tile);
  if (options_.generate.start == "pool")
    start_at_pool(model_.pool, start);
  else
    fill_normals(start.x, Random(output_.run().seed, Stream::pool_start, stages_.number("generate")),
                 start.partition.first_particle(), 0);
  return {"generate", parts, start, options_.generate.steps, true};
}

Ensemble EbmGeneration::standardised(const Ensemble& rows) const {
  Ensemble copy = copy_of(rows);
  model_.standardisation.apply(copy.x);
  return copy;
}

/// (x, z), z standard normal where it is not given.
Ensemble EbmGeneration::joined(const Ensemble& x, std::optional<Ensemble> z, int stage) const {
  if (!z) {
    z.emplace(x.comm, x.particles(), model_.shape.latent, x.partition.tile_size());
    fill_normals(z->x, Random(output_.run().seed, Stream::latent_start, stage), x.partition.first_particle(),
                 0);
  }
  return side_by_side(x, *z);
}

/// The known columns of held-out rows, or of rows of their own, with noise where the model is of noisy
/// data; the chains begin at draws from the Gaussian of the training rows, given these columns.
EbmGeneration::Leg EbmGeneration::completing_leg() {
  const GivenOptions& options = *options_.generate.given;
  const Index d = model_.shape.data, number = stages_.number("condition");
  known_ = known_columns(options, d, data_.columns, options_.where);
  const RunOptions& run = output_.run();
  given_ = rows_with_given(options, known_, data_.test, options_.where, run);
  Conditioning conditioning = condition_on(model_.standardisation, d, known_);
  output_.comm().broadcast(conditioning.basis);  // one of many: where eigenvalues agree, rounding chooses
  output_.comm().broadcast(conditioning.inverse);
  const auto& mean = model_.standardisation.mean();
  const Random noise(run.seed, Stream::data_noise, int(number)),
      normals(run.seed, Stream::pool_start, int(number));
  SampledParts parts;
  parts.free_data = conditioning.free;
  parts.basis = conditioning.basis;
  Ensemble x = copy_of(*given_);
  Ensemble offset(x.comm, x.particles(), d, x.partition.tile_size());
  const auto rows = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), given_->x);
  const auto at = Kokkos::create_mirror_view(offset.x), start = Kokkos::create_mirror_view(x.x);
  for (Index i = 0; i < x.partition.local_particles(); ++i) {
    const Index id = x.partition.first_particle() + i;
    for (Index c = 0; c < d; ++c) at(c, i) = 0;
    for (Index k = 0; k < Index(known_.size()); ++k) {
      const Index column = known_[std::size_t(k)];
      Real value = rows(column, i) - (mean.empty() ? 0 : mean[std::size_t(column)]);
      if (model_.data_noise > 0) value += model_.data_noise * noise.normal(id, 0, column);
      for (Index c = 0; c < d; ++c) at(c, i) += conditioning.inverse[std::size_t(k * d + c)] * value;
    }
    for (Index c = 0; c < d; ++c) {
      start(c, i) = at(c, i);
      for (Index k = 0; k < conditioning.free; ++k)
        start(c, i) += conditioning.basis[std::size_t(k * d + c)] * normals.normal(id, 0, k);
    }
  }
  Kokkos::deep_copy(offset.x, at);
  Kokkos::deep_copy(x.x, start);
  gaussian_ = gaussian_completions(data_.train, *given_, known_, Random(run.seed, Stream::gaussian_rows));
  parts.given = joined(offset, {}, int(number));
  return {"condition", parts, joined(x, {}, int(number)), options.steps, false};
}

/// Columns that were given are those of the rows, without noise.
void EbmGeneration::keep_given(Ensemble& rows) const {
  copy_columns(known_, *given_, rows);
}

/// z given each row that is observed.
EbmGeneration::Leg EbmGeneration::inferring_leg() const {
  SampledParts parts;
  const int number = stages_.number("infer");
  const Ensemble start = joined(standardised(observed_), {}, number);
  parts.basis = {0};  // nothing of x is free
  parts.given = start;
  return {"infer", parts, start, options_.generate.reconstruct->steps, false};
}

/// x given each z that was inferred.
EbmGeneration::Leg EbmGeneration::reconstructing_leg() const {
  const Ensemble& inferred = ended_.at("infer");
  return leg_of_latents("reconstruct", components_of(inferred, model_.shape.data, model_.shape.components()),
                        options_.generate.reconstruct->steps);
}

/// x given each z, from normal noise.
EbmGeneration::Leg EbmGeneration::leg_of_latents(const std::string& stage, const Ensemble& z,
                                                 Index steps) const {
  Ensemble none(z.comm, z.particles(), model_.shape.data, z.partition.tile_size()),
      noise(z.comm, z.particles(), model_.shape.data, z.partition.tile_size());
  fill_normals(noise.x, Random(output_.run().seed, Stream::pool_start, stages_.number(stage)),
               noise.partition.first_particle(), 0);
  SampledParts parts;
  parts.free_data = model_.shape.data;
  parts.free_latents = false;
  parts.given = side_by_side(none, z);
  return {stage, parts, side_by_side(noise, z), steps, false};
}

void EbmGeneration::save(Hdf5File& file) const {
  for (const auto& [stage, v] : ended_) write_particles(file, "/generated/" + stage, v.partition, v.x);
}

void EbmGeneration::write() const {
  std::vector<NamedRows> tables{{"samples", &samples()}};
  const auto add = [&](const std::string& name, const std::map<std::string, Ensemble>& of,
                       const char* stage) {
    if (const auto found = of.find(stage); found != of.end() && found->second.components() > 0)
      tables.push_back({name, &found->second});
  };
  add("latents", latents_of_, "generate");
  add("completions", data_of_, "condition");
  add("posterior", latents_of_, "infer");
  add("reconstructions", data_of_, "reconstruct");
  add("from_latents", data_of_, "from_latents");
  if (data_.test.particles() > 0) tables.push_back({"held_out", &data_.test});
  write_samples(output_, tables, model_.columns);
}

Metrics EbmGeneration::errors() const {
  Metrics metrics;
  const Index d = model_.shape.data;
  if (const auto completed = data_of_.find("condition");
      completed != data_of_.end() && !options_.generate.given->file) {
    metrics.emplace_back("completion", error_of_rest(known_, completed->second, data_.test));
    metrics.emplace_back("completion_gaussian", error_of_rest(known_, *gaussian_, data_.test));
  }
  if (const auto found = data_of_.find("reconstruct"); found != data_of_.end())
    metrics.emplace_back("reconstruction_drawn", root_mean_square(found->second, observed_, 0, d));
  return metrics;
}

}  // namespace weir
