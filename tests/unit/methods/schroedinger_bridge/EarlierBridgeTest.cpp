// Bridges that earlier runs have learned, and decks that are broken.
#include <gtest/gtest.h>

#include "methods/BrokenDecks.hpp"
#include "methods/Interrupted.hpp"
#include "methods/schroedinger_bridge/BridgeDecks.hpp"
#include "weir/base/Hdf5File.hpp"

namespace weir {
namespace {

using namespace testing_tools;

// What an earlier run learned carries the very same paths, whatever the deck says of training.
TEST(LatentBridgeParallel, AnEarlierBridgeIsTaken) {
  const SharedFolder folder;
  const std::string k = "schroedinger_bridge.";
  for (const std::string& deck :
       {latent_deck, with_drift("{mixture: {components: 4, train: {iterations: 6, batch: 32}}}"),
        with_drift("{network: {hidden: [8], partners: 3, train: {iterations: 6, batch: 32}}}")}) {
    const Outcome trained = run_deck_text(folder, deck);
    ASSERT_EQ(trained.code, ExitCode::done) << trained.message;
    DeckRun again{folder, deck, "again", {k + "model=" + (folder / "out/networks.h5")}};
    const Outcome outcome = again();
    ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
    const auto samples = [&](const std::string& run) {
      return Hdf5File(folder / (run + "/samples.h5"), MPI_COMM_WORLD, Hdf5File::Access::read)
          .read("/samples");
    };
    EXPECT_EQ(samples("out"), samples("again"));
    again.settings.push_back(k + "bridge.sigma=3");
    EXPECT_NE(again().message.find("bridge.sigma: found 3; the bridge of"), std::string::npos);
  }
}

TEST(LatentBridgeParallel, AnEarlierBridgeGoesOnWhereverItIsStopped) {
  const SharedFolder folder;
  ASSERT_EQ(run_deck_text(folder, latent_deck).code, ExitCode::done);
  std::string deck = latent_deck;
  deck += "  model: " + (folder / "out/networks.h5") + "\n";
  expect_equal_when_interrupted(deck, 5);
}

TEST(BrokenLatentBridgesParallel, EarlierOnesThatDoNotFitGiveTheirMessages) {
  const SharedFolder folder;
  const std::string k = "schroedinger_bridge.";
  const auto leave = [&](const std::string& deck, const std::string& name) {
    DeckRun run{folder, deck, name, {}};
    const Outcome outcome = run();
    ASSERT_EQ(outcome.code, ExitCode::done) << outcome.message;
  };
  leave(latent_deck, "network");
  leave(with_drift("empirical"), "rows");
  leave(with_drift("{network: {hidden: [8], partners: 3, train: {iterations: 6, batch: 32}}}"), "between");
  const auto model = [&](const std::string& name) {
    return k + "model=" + (folder / (name + "/networks.h5"));
  };
  const std::string between = with_drift("mixture");
  for (const Broken& broken : std::vector<Broken>{
           {"no such file", latent_deck, {k + "model=nowhere.h5"}, "give the networks.h5 of a finished run"},
           {"a drift of rows", between, {model("rows")}, "holds no drift: an empirical one is not learned"},
           {"other data", latent_deck, {model("between")}, "is of data with 2 components, and these have 5"},
           {"another start",
            latent_deck,
            {model("network"), k + "bridge.start=point"},
            "starts from convolved"},
           {"another dimension",
            latent_deck,
            {model("network"), k + "latent.dimension=3"},
            "has 2: leave it out"},
           {"plan of a network",
            between,
            {model("between"), k + "generate.by=plan"},
            "holds a network, which has no plan: give `sde`"},
       })
    expect_broken(folder, broken);
}

TEST(BrokenLatentBridgesParallel, GiveTheirMessages) {
  const SharedFolder folder;
  const std::string l = latent_deck, b = with_drift("empirical"), k = "schroedinger_bridge.";
  for (const Broken& broken : std::vector<Broken>{
           {"no data",
            "weir: 1\nschroedinger_bridge: {}\n",
            {},
            "is missing; give `data: {..}` or `populations"},
           {"both",
            l,
            {k + "populations={file: {path: x.npy, labels: 0}}"},
            "stands beside `populations`; give one of them"},
           {"left out of data", l, {k + "leave_out=[1]"}, "belongs to bridges with `populations`"},
           {"stop of a geometric grid", l, {k + "bridge.stop=1"}, "a geometric grid ends before 1"},
           {"one step", l, {k + "bridge.steps=1"}, "a noise-free step after those with noise"},
           {"negative sigma", l, {k + "bridge.sigma=-1"}, "bridge.sigma: found -1; allowed: above 0"},
           {"unknown start", l, {k + "bridge.start=blurred"}, "bridge.start"},
           {"unknown grid", l, {k + "bridge.grid=cubic"}, "found \"cubic\""},
           {"drift of a blurred start", l, {k + "bridge.drift=empirical"}, "other starts take `score`"},
           {"score between ensembles", b, {k + "score=empirical"}, "takes `bridge.drift` in its place"},
           {"plan of a blurred start",
            l,
            {k + "generate.by=plan"},
            "`by: plan` is for starts from an ensemble"},
           {"too many starts", b, {k + "generate.count=31"}, "paths start at the 30 rows that are held out"},
           {"identity of another dimension",
            b,
            {k + "latent.dimension=3"},
            "with `autoencoder: identity` it is 2"},
           {"no dimension", l, {k + "latent={dimension: null}"}, "is missing; an autoencoder needs it"},
           {"too many components",
            l,
            {k + "autoencoder={linear: {}}", k + "latent.dimension=9"},
            "there are 5 principal components at most"},
           {"other pre-training rows",
            l,
            {k + "autoencoder.data={synthetic: moons}"},
            "has 2 components where the data have 5"},
           {"other starts",
            b,
            {k + "bridge.start={ensemble: {synthetic: {moons: {lift: 3}}}}"},
            "has 3 components where the data have 2"},
           {"no such model",
            l,
            {k + "autoencoder={model: nowhere.h5}"},
            "give the networks.h5 of a finished run"},
           {"identity pre-trained",
            b,
            {k + "autoencoder={identity: {}, data: {synthetic: moons}}"},
            "`identity` has nothing to pre-train"},
           {"w1 of samples", l, {k + "metrics=[w1]"}, "found w1, which is not measured of samples"},
           {"parts between ensembles",
            b,
            {k + "metrics=[error_parts]"},
            "error_parts is for starts that are no ensemble"},
           {"one sample for metrics",
            l,
            {k + "generate.count=1"},
            "found 1; metrics compare at least 2 rows"},
           {"starts of a blurred law",
            l,
            {k + "generate.from=nowhere.csv"},
            "`from` is for starts from an ensemble"},
           {"starts that are not there", b, {k + "generate.from=nowhere.csv"}, "nowhere.csv"},
           {"times of the plan",
            b,
            {k + "generate={count: 20, by: plan, times: [0.5]}"},
            "draws ends alone, and has no `times`"},
           {"nothing held out", l, {k + "split=0"}, "no rows are held out"},
       })
    expect_broken(folder, broken);
}

}  // namespace
}  // namespace weir
