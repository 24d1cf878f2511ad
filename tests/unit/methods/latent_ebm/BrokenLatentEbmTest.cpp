// What is wrong with a deck of latent_ebm.
#include <gtest/gtest.h>

#include "methods/BrokenDecks.hpp"
#include "methods/latent_ebm/SmallDecks.hpp"

namespace weir {
namespace {

using namespace testing_tools;

std::vector<Broken> broken_latent_ebm() {
  const std::string d = small_deck("", "  metrics: [w2]\n"), e = "latent_ebm.", t = "latent_ebm.train.";
  return {
      {"no data", d, {e + "data={}"}, "latent_ebm.data"},
      {"unknown set", d, {e + "data={synthetic: moon}"}, "did you mean \"moons\"?"},
      {"set of no rows", d, {e + "data={synthetic: {moons: {count: 0}}}"}, "allowed: at least 4"},
      {"scale of 0", d, {e + "data={synthetic: {moons: {scale: 0}}}"}, "found 0, which makes all rows equal"},
      {"scale of three in the plane",
       d,
       {e + "data={synthetic: {moons: {scale: [1, 2, 3]}}}"},
       "moons.scale"},
      {"lift below the set", d, {e + "data={synthetic: {helix: {lift: 2}}}"}, "allowed: 3 at least"},
      {"noise of a set without", d, {e + "data={synthetic: {pinwheel: {noise: 1}}}"}, "noise"},
      {"missing file", d, {e + "data={file: nowhere.csv}"}, "nowhere.csv"},
      {"observed file that is not there", d, {e + "generate.reconstruct.file=nowhere.csv"}, "nowhere.csv"},
      {"scored file that is not there", d, {e + "likelihood={file: nowhere.csv}"}, "nowhere.csv"},
      {"penalty of a linear energy",
       d,
       {e + "energy={linear_gaussian: {}, magnitude_penalty: 0.1}"},
       "`magnitude_penalty` is of a network's values"},
      {"reconstruction without latents",
       d,
       {e + "posterior=none", e + "generate.reconstruct={}"},
       "goes through latents"},
      {"rows from latents that there are none of",
       d,
       {e + "posterior=none", e + "generate.from_latents={file: nowhere.csv}"},
       "`from_latents` is given latents, and there are none"},
      {"latents that are not there", d, {e + "generate.from_latents=nowhere.csv"}, "nowhere.csv"},
      {"nothing to take off", d, {e + "generate.denoise=true"}, "`denoise` takes off"},
      {"a tempered linear energy",
       d,
       {e + "energy={linear_gaussian: {}}", t + "temperature=2"},
       "`temperature` other than 1 is for a network"},
      {"a tempered encoder", d, {e + "posterior=amortised", t + "temperature=2"}, "is for particles"},
      {"negative period", d, {e + "data={file: {path: nowhere.csv, period: -1}}"}, "found a negative number"},
      {"metrics that need labels", d, {e + "metrics=[sure]"}, "give `labels` of `data.file`"},
      {"nothing held out", d, {e + "split.test=0"}, "give `split.test`, or "},
      {"all held out", d, {e + "split.test=0.9999"}, "rows, of which 0 would be for training"},
      {"unknown posterior", d, {e + "posterior=particle"}, "did you mean \"particles\"?"},
      {"latents of no components", d, {e + "latent.dimension=0"}, "allowed: at least 1"},
      {"energy of no layers", d, {e + "energy.network.hidden=[]"}, "hidden"},
      {"two energies", d, {e + "energy.linear_gaussian={}"}, "linear_gaussian"},
      {"confinement of a law that takes none",
       d,
       {e + "energy={linear_gaussian: {}, confinement: {data: 1}}"},
       "linear_gaussian takes none"},
      {"confinement of 0", d, {e + "energy.confinement.data=0"}, "allowed: above 0"},
      {"steps of three parts",
       d,
       {t + "negatives.rule={mala: {step: [1, 2, 3]}}"},
       "`step` has 3 entries, and block negatives has 2 parts"},
      {"step of 0", d, {t + "latents.rule={mala: {step: 0}}"}, "give steps above 0"},
      {"target above 1", d, {t + "latents.rule={mala: {target: 2}}"}, "allowed: above 0 and below 1"},
      {"restart of probability 2", d, {t + "negatives.restart={noise: {probability: 2}}"}, "at most 1"},
      {"unknown restart", d, {t + "negatives.restart=metropolized"}, "did you mean \"metropolised\"?"},
      {"an optimiser for latents", d, {t + "latents.rule=adam"}, "latents.rule"},
      {"a mover for parameters", d, {t + "parameters.rule=mala"}, "parameters.rule"},
      {"no iterations", d, {t + "iterations=0"}, "allowed: at least 1"},
      {"unknown answer to divergence", d, {t + "on_divergence=half"}, "allowed: halve, stop"},
      {"unknown start", d, {e + "generate.start=data"}, "allowed: pool, noise"},
      {"unknown metric", d, {e + "metrics=[w1]"}, "latent_ebm.metrics"},
      {"completions given nothing", d, {e + "generate.given={steps: 3}"}, "missing; give the known columns"},
      {"completions given everything",
       d,
       {e + "generate.given={columns: [0, 2]}"},
       "found all 2 columns; allowed: some, so that others are to be drawn"},
      {"completions of no column", d, {e + "generate.given={columns: [1, 1]}"}, "found no column"},
      {"completions of a column twice",
       d,
       {e + "generate.given={columns: [1, 1, 0]}"},
       "column 1 is chosen twice"},
      {"completions of a column by a name",
       d,
       {e + "generate.given={columns: [x]}"},
       "found \"x\"; allowed: columns of the data, which has no names: 0 to 1"},
      {"one sample for metrics", d, {e + "generate.count=1"}, "found 1; metrics compare at least 2 rows"},
      {"grid of five components",
       d,
       {e + "latent.dimension=3", e + "likelihood=grid"},
       "a grid is for at most 4 components"},
      {"likelihood by a typo", d, {e + "likelihood=anealing"}, "did you mean \"annealing\"?"},
      {"no model there", d, {e + "model=nowhere.h5"}, "give the networks.h5 of a finished run"},
      {"model that is a deck", d, {e + "model=deck.yaml"}, "is not the networks.h5 of a finished run"},
      {"standardised by a typo", d, {e + "standardise=whitened"}, "did you mean \"whiten\"?"},
  };
}

TEST(LatentEbmParallel, BrokenDecksGiveTheirMessage) {
  const SharedFolder folder;
  for (const Broken& broken : broken_latent_ebm()) expect_broken(folder, broken);
}

}  // namespace
}  // namespace weir
