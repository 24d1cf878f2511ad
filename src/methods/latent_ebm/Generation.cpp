#include "methods/latent_ebm/Generation.hpp"

#include "methods/latent_ebm/EbmTraining.hpp"
#include "methods/latent_ebm/SamplingFlow.hpp"
#include "weir/ensemble/RowExchange.hpp"
#include "weir/output/Checkpoint.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

std::vector<NamedRows> EbmSamples::tables() const {
  std::vector<NamedRows> tables{{"samples", &data}};
  if (latents.components() > 0) tables.push_back({"latents", &latents});
  return tables;
}

void EbmSamples::save(Hdf5File& file) const {
  for (const auto& [name, rows] : tables())
    write_particles(file, "/generated/" + name, rows->partition, rows->x);
}

RuleOptions frozen_rule(const ParticleRuleChoice& choice, Real factor) {
  RuleOptions rule = rule_of(choice);
  if (auto* mala = std::get_if<MalaOptions>(&rule)) {
    for (Real& step : mala->step.values) step *= factor;
    mala->target.reset();
  }
  return rule;
}

namespace {

/// Chain i begins at particle i mod P of the pool, wherever that lies.
void start_at_pool(const Ensemble& pool, const Partition& chains, const MatrixRef<Real>& y) {
  RowExchange exchange(pool.comm, pool.components());
  const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), pool.x);
  const Index first = pool.partition.first_particle();
  for (Index p = 0; p < pool.partition.local_particles(); ++p)
    for (Index chain = first + p; chain < chains.rows(); chain += pool.particles())
      exchange.send(chains.owner_of_row(chain), 0, chain, &host(0, p));
  const auto to = Kokkos::create_mirror_view(y);
  exchange.deliver([&](const RowExchange::Row& row) {
    for (Index c = 0; c < pool.components(); ++c) to(c, row.key - chains.first_row()) = row.values[c];
  });
  Kokkos::deep_copy(y, to);
}

/// x and z apart, x in the units of the data.
EbmSamples in_units(const Ensemble& v, const EbmModel& model, Index tile) {
  EbmSamples samples{Ensemble(v.comm, v.particles(), model.shape.data, tile),
                     Ensemble(v.comm, v.particles(), model.shape.latent, tile)};
  const Index dx = model.shape.data, d = model.shape.components();
  Kokkos::deep_copy(samples.data.x, Kokkos::subview(v.x, Kokkos::pair<Index, Index>(0, dx), Kokkos::ALL));
  if (d > dx)
    Kokkos::deep_copy(samples.latents.x,
                      Kokkos::subview(v.x, Kokkos::pair<Index, Index>(dx, d), Kokkos::ALL));
  model.standardisation.undo(samples.data.x);
  return samples;
}

EbmSamples read_samples(const Hdf5File& file, const EbmModel& model, const Communicator& comm, Index chains,
                        Index tile) {
  EbmSamples samples{Ensemble(comm, chains, model.shape.data, tile),
                     Ensemble(comm, chains, model.shape.latent, tile)};
  for (const auto& [name, rows] : samples.tables())
    read_particles(file, "/generated/" + name, rows->partition, rows->x);
  return samples;
}

}  // namespace

std::optional<EbmSamples> generate_samples(const LatentEbmOptions& options, const EbmModel& model,
                                           RunOutput& output, RunControl& control) {
  const StageList stages = latent_ebm_stages();
  const RunOptions& run = output.run();
  const Index chains = options.generate.count;
  const int number = stages.number("generate");
  if (const Checkpoint* from = output.restart(); from && from->standing().stage > number)
    return read_samples(from->file(), model, output.comm(), chains, run.tile);

  SampledParts parts;
  parts.free_data = model.shape.data;
  SamplingOptions sampling;
  sampling.rule = frozen_rule(options.train.negatives.rule, model.negative_factor);
  if (auto* mala = std::get_if<MalaOptions>(&sampling.rule); mala && model.shape.latent == 0)
    mala->step = Real(mala->step.values.front());
  const auto flow = make_sampling_flow(options.energy, model.shape, model.energy.parameters, parts, sampling,
                                       &model.restart, output.comm(), chains, run, number);
  SteppingOptions stepping;
  stepping.end = Real(options.generate.steps);
  stepping.step = 1;
  stepping.seed = run.seed;
  stepping.stage = number;
  stepping.single = run.single_precision();
  stepping.remedy = "a smaller step of the pool's rule may help";
  Stage stage(stepping, *flow, options.where + ".generate");
  const Layout& layout = *flow->layout();
  {
    const BlockViews blocks(layout, stage.state().vec());
    if (options.generate.start == "pool")
      start_at_pool(model.pool, layout[0].partition, blocks[0]);
    else
      fill_normals(blocks[0], Random(run.seed, Stream::pool_start, number),
                   layout[0].partition.first_particle(), 0);
  }
  output.log(fmt::format("{} samples, by {} moves", chains, options.generate.steps));
  if (options.generate.steps > 0 && !control.run(stage, number, [](const Tick&) {})) return {};
  for (const auto& [name, value] : stage.rule_report())
    if (name == "samples_acceptance") output.summarise("generate_acceptance", value);
  const ConstBlockViews blocks(layout, stage.state().vec());
  Ensemble v = flow->assemble(blocks[0]);
  if (options.generate.denoise) {
    std::vector<Real> variances = model.standardisation.scaled(options.train.data_noise, model.shape.data);
    for (Real& variance : variances) variance *= variance;
    v = flow->denoise(v, variances);
  }
  return in_units(v, model, run.tile);
}

}  // namespace weir
