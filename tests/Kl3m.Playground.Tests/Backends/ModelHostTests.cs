using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Components.Layout;
using Kl3m.Playground.Hub;
using Kl3m.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Kl3m.Playground.Tests.Backends;

public sealed class ModelHostTests : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory();
    private readonly LibraryFixture fixture = new();
    private readonly BackendCatalogue catalogue;

    public ModelHostTests() => catalogue = fixture.Catalogue;

    public async ValueTask DisposeAsync()
    {
        await fixture.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private async Task StartAsync(ModelOptions options, LoadModel load, FetchModel? fetch = null)
    {
        fixture.Load = load;
        fixture.Fetch = fetch ?? ((_, _, _) => throw new InvalidOperationException("must not be called"));
        using var host = new ModelHost(catalogue, fixture.Library, Options.Create(options), NullLogger<ModelHost>.Instance);
        await host.StartAsync(default);
        await host.ExecuteTask!;
    }

    [Fact]
    public async Task A_loaded_model_is_ready_under_its_folders_name()
    {
        var phases = new List<(LoadPhase, double?)>();
        catalogue.Changed += () => phases.Add((catalogue.Phase, catalogue.Progress));
        await StartAsync(new() { Path = folder.FullName + "/" }, (found, _, report, _) =>
        {
            report(LoadPhase.Reading, 0.5);
            report(LoadPhase.WarmingUp, null);
            return Task.FromResult<ITextGenerator>(LibraryFixture.Fake(found.Id));
        });
        Assert.Equal([(LoadPhase.Reading, null), (LoadPhase.Reading, 0.5), (LoadPhase.WarmingUp, null), (LoadPhase.Ready, null)], phases);
        Assert.Equal(folder.Name, catalogue.Default?.Model.Id);
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_says_why_and_takes_nothing_down()
    {
        await StartAsync(new() { Path = folder.FullName }, (_, _, _, _) => throw new ModelFileException("config.json", "vocab_size", "is missing."));
        Assert.Equal(LoadPhase.Failed, catalogue.Phase);
        Assert.Equal("config.json: vocab_size: is missing.", catalogue.Error);
    }

    [Fact]
    public async Task A_folder_that_is_not_there_is_named()
    {
        await StartAsync(new() { Path = "/no/such/folder" }, (_, _, _, _) => throw new InvalidOperationException("must not be called"));
        Assert.Contains("/no/such/folder", catalogue.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_id_beside_the_path_is_the_name_that_clients_see() =>
        Assert.Equal(new(folder.FullName, "org/name"), ModelFolder.Find(new() { Path = folder.FullName, Id = "org/name" }));

    [Fact]
    public void A_snapshot_of_the_Hugging_Face_cache_is_named_by_its_repository()
    {
        var snapshot = folder.CreateSubdirectory("models--org--name/snapshots/abc123");
        Assert.Equal("org/name", ModelFolder.Find(new() { Path = snapshot.FullName }).Id);
    }

    [Theory]
    [InlineData("../../etc")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("a/b/c")]
    [InlineData("-a/b")]
    [InlineData("a--b/c")]
    [InlineData("a/b?c")]
    public void Ids_that_are_no_repository_are_not_looked_for(string id) => Assert.False(HubClient.IsId(id));

    [Fact]
    public async Task A_model_of_the_hub_is_downloaded_with_progress_and_then_loaded()
    {
        var states = new List<string>();
        catalogue.Changed += () => states.Add(ModelWords.State(catalogue));
        ModelFolder? loaded = null;
        await StartAsync(new() { Id = "org/name" }, (found, _, _, _) =>
        {
            loaded = found;
            return Task.FromResult<ITextGenerator>(new FakeTextGenerator());
        }, (id, report, _) =>
        {
            Assert.Equal("org/name", id);
            report(new(0, 0, null));
            report(new(837_000_000, 6_980_000_000, null));
            report(new(837_000_000, 6_980_000_000, 44_800_000));
            return Task.FromResult(folder.FullName);
        });
        Assert.Equal(new(folder.FullName, "org/name"), loaded);
        Assert.Equal(["downloading", "downloading 11% (0.84 of 6.98 GB)", "downloading 11% (0.84 of 6.98 GB, 45 MB/s, 2 min 17 s left)", "reading", "ready"], states);
    }
}
