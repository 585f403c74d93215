using Kl3m.Inference;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Backends.Library;
using Kl3m.Playground.Hub;

namespace Kl3m.Playground.Tests.Backends;

public sealed class ModelLibraryTests : IAsyncDisposable
{
    private readonly LibraryFixture fixture = new();

    private ModelLibrary Library => fixture.Library;

    public ValueTask DisposeAsync() => fixture.DisposeAsync();

    [Fact]
    public async Task The_family_and_the_bundled_model_are_listed_without_asking_anybody()
    {
        await Library.ScanAsync();
        Assert.Equal([.. KnownModel.All.Select(model => model.Id), "kl3m-playground-7m"], Library.Models.Select(model => model.Id));
        Assert.Equal([1_745_686_528, 167_938_048, 167_938_048], Library.Models.Take(3).Select(model => model.Config!.ParameterCount));
        Assert.All(Library.Models.Take(3), model => Assert.Equal(ModelCondition.Away, model.Condition));
        Assert.Equal((ModelCondition.Here, ModelSource.Bundled), (Library.Models[3].Condition, Library.Models[3].Source));
    }

    [Fact]
    public async Task One_click_downloads_and_loads_and_the_new_model_is_the_default_beside_the_former()
    {
        await fixture.LoadedAsync("small");
        await Library.ScanAsync();
        await Library.DownloadAsync(LibraryFixture.Hub, thenLoad: true);
        Assert.Equal(ModelCondition.Loaded, fixture.Condition(LibraryFixture.Hub));
        Assert.Equal([LibraryFixture.Hub, "small"], fixture.Catalogue.All.Select(generator => generator.Model.Id));
    }

    [Fact]
    public async Task What_would_not_fit_is_refused_before_it_is_read_with_the_number_that_would()
    {
        fixture.Load = (_, _, _, _) => throw new InvalidOperationException("must not be called");
        fixture.WeightBytes = 9_000_000_000;
        await Library.LoadAsync(fixture.Here("large"));
        var model = Library.Find("large")!;
        Assert.Equal(ModelCondition.Here, model.Condition);
        // 10 GB, less a thirty-second and the 0.5 GB of others, less 9 GB of weights, at 0.1 MB a token: 1,875 of 10,000 tokens.
        Assert.Contains("9.00 GB of weights and 1.00 GB for keys and values, and 9.19 GB are free", model.Problem, StringComparison.Ordinal);
        Assert.Contains("1,800 tokens would fit", model.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_number_that_would_fit_fits()
    {
        fixture.WeightBytes = 9_000_000_000;
        fixture.Here("large");
        var tokens = Library.Fit(Library.Find("large")!)!.FittingTokens;
        long? given = null;
        fixture.Load = (found, cache, _, _) =>
        {
            given = cache;
            return Task.FromResult<ITextGenerator>(LibraryFixture.Fake(found.Id));
        };
        await Library.LoadAsync("large", tokens);
        Assert.Equal(ModelCondition.Loaded, fixture.Condition("large"));
        Assert.Equal(1_800 * LibraryFixture.BytesPerToken, given);
    }

    [Fact]
    public async Task Loaded_models_count_with_all_that_they_may_come_to()
    {
        await fixture.LoadedAsync("first");
        await fixture.LoadedAsync("second");
        await Library.LoadAsync(fixture.Here("third"));
        Assert.Contains("does not fit", Library.Find("third")!.Problem, StringComparison.Ordinal);
        await Library.LoadAsync("third", instead: ["first"]);
        Assert.Equal(ModelCondition.Loaded, fixture.Condition("third"));
        Assert.Equal(ModelCondition.Here, fixture.Condition("first"));
        Assert.Equal(["third", "second"], fixture.Catalogue.All.Select(generator => generator.Model.Id));
    }

    [Fact]
    public async Task If_the_new_one_can_t_be_loaded_the_former_serves_on()
    {
        await fixture.LoadedAsync("former");
        var works = fixture.Load;
        fixture.Load = (found, cache, report, stop) => found.Id == "broken" ? throw new ModelFileException("model.safetensors", "header", "is cut off.") : works(found, cache, report, stop);
        await Library.LoadAsync(fixture.Here("broken"));
        Assert.Equal("model.safetensors: header: is cut off.", Library.Find("broken")!.Problem);
        Assert.Equal("former", fixture.Catalogue.Default?.Model.Id);

        await Library.LoadAsync("broken", instead: ["former"]);
        Assert.Equal("model.safetensors: header: is cut off.", Library.Find("broken")!.Problem);
        Assert.Equal(ModelCondition.Loaded, fixture.Condition("former"));
        Assert.Equal("former", fixture.Catalogue.Default?.Model.Id);
        Assert.Equal(LoadPhase.Ready, fixture.Catalogue.Phase);
    }

    [Fact]
    public async Task Loads_are_done_one_at_a_time_and_one_in_line_can_be_cancelled()
    {
        var first = new TaskCompletionSource();
        var works = fixture.Load;
        fixture.Load = async (found, cache, report, stop) =>
        {
            await first.Task;
            return await works(found, cache, report, stop);
        };
        var loading = Library.LoadAsync(fixture.Here("one"));
        var second = Library.LoadAsync(fixture.Here("two"));
        Assert.Equal((ModelCondition.Loading, ModelCondition.Waiting), (fixture.Condition("one"), fixture.Condition("two")));
        Library.Cancel("two");
        await second;
        Assert.Equal((ModelCondition.Here, null), (fixture.Condition("two"), Library.Find("two")!.Problem));
        first.SetResult();
        await loading;
        Assert.Equal(ModelCondition.Loaded, fixture.Condition("one"));
    }

    [Fact]
    public async Task A_model_is_loaded_once_however_often_it_is_asked_for()
    {
        var loads = 0;
        var works = fixture.Load;
        fixture.Load = (found, cache, report, stop) =>
        {
            loads++;
            return works(found, cache, report, stop);
        };
        fixture.Here("one");
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => Library.LoadAsync("one"))));
        Assert.Equal((1, 1), (loads, fixture.Catalogue.All.Count));
    }

    [Fact]
    public async Task Unloading_the_last_model_leaves_none_and_says_where_to_go()
    {
        await fixture.LoadedAsync("one");
        await Library.UnloadAsync("one");
        Assert.Equal(ModelCondition.Here, fixture.Condition("one"));
        Assert.Null(fixture.Catalogue.Default);
        Assert.Equal(LoadPhase.Unloaded, fixture.Catalogue.Phase);
        Assert.Contains("Models page", fixture.Catalogue.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_is_being_unloaded_is_gone_for_newcomers_at_once_and_ends_what_it_began()
    {
        await fixture.LoadedAsync("one");
        var generator = fixture.Catalogue.Default!;
        await using var events = generator.GenerateAsync(new() { Prompt = "a", Sampling = new() { MaxTokens = 4 } }).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        await events.MoveNextAsync();
        var unloading = Library.UnloadAsync("one");
        Assert.Equal(ModelCondition.Unloading, fixture.Condition("one"));
        Assert.Null(fixture.Catalogue.Default);
        while (await events.MoveNextAsync())
        {
        }
        await unloading;
        Assert.Equal(ModelCondition.Here, fixture.Condition("one"));
    }

    [Fact]
    public async Task A_cancelled_download_keeps_what_came_and_a_failed_one_says_why()
    {
        await Library.ScanAsync();
        var half = Path.Combine(fixture.Settings.CacheRoot, "models--alea-institute--kl3m-002-170m", "blobs");
        fixture.Fetch = async (_, report, stop) =>
        {
            Directory.CreateDirectory(half);
            await File.WriteAllBytesAsync(Path.Combine(half, "abc.incomplete"), new byte[1000], stop);
            report(new(1000, 4000, 250));
            await Task.Delay(Timeout.Infinite, stop);
            throw new InvalidOperationException();
        };
        var downloading = Library.DownloadAsync(LibraryFixture.Hub);
        await fixture.Until(library => library.Find(LibraryFixture.Hub) is { Download.Bytes: 1000 });
        Assert.Equal(0.25, Library.Find(LibraryFixture.Hub)!.Download!.Share);
        Library.Cancel(LibraryFixture.Hub);
        await downloading;
        Assert.Equal((ModelCondition.Partial, 1000, null), (fixture.Condition(LibraryFixture.Hub), Library.Find(LibraryFixture.Hub)!.DiskBytes, Library.Find(LibraryFixture.Hub)!.Problem));

        fixture.Fetch = (_, _, _) => throw new HubException("huggingface.co cannot be reached.");
        await Library.DownloadAsync(LibraryFixture.Hub);
        Assert.Equal((ModelCondition.Partial, "huggingface.co cannot be reached."), (fixture.Condition(LibraryFixture.Hub), Library.Find(LibraryFixture.Hub)!.Problem));

        await Library.DeleteAsync(LibraryFixture.Hub);
        Assert.Equal(ModelCondition.Away, fixture.Condition(LibraryFixture.Hub));
        Assert.False(Directory.Exists(half));
    }

    [Fact]
    public async Task Only_what_the_hub_can_bring_again_is_ever_deleted()
    {
        var own = Directory.CreateDirectory(Path.Combine(fixture.Folder, "own"));
        foreach (var file in Directory.GetFiles(ModelFolder.BundledPath))
        {
            File.Copy(file, Path.Combine(own.FullName, Path.GetFileName(file)));
        }
        Assert.Null(await Library.AddAsync(own.FullName, TestContext.Current.CancellationToken));
        Assert.Equal(ModelCondition.Here, fixture.Condition("own"));
        await Library.ScanAsync();
        await Library.DeleteAsync("own");
        await Library.DeleteAsync("kl3m-playground-7m");
        Assert.Equal((ModelCondition.Here, ModelCondition.Here), (fixture.Condition("own"), fixture.Condition("kl3m-playground-7m")));
        Assert.Equal(Directory.GetFiles(ModelFolder.BundledPath).Length, own.GetFiles().Length);
        Assert.True(Directory.Exists(ModelFolder.BundledPath));
    }

    [Fact]
    public async Task A_name_is_asked_of_the_hub_and_only_its_own_architecture_is_taken()
    {
        fixture.Look = (id, _) => Task.FromResult(new HubModel(5_000_000, id == "org/neox"
            ? """{"model_type": "gpt_neox", "vocab_size": 100, "hidden_size": 64, "num_attention_heads": 4, "num_hidden_layers": 2, "intermediate_size": 128}"""u8.ToArray()
            : """{"model_type": "llama"}"""u8.ToArray()));
        Assert.Null(await Library.AddAsync(" org/neox ", TestContext.Current.CancellationToken));
        Assert.Equal((ModelCondition.Away, 5_000_000L), (fixture.Condition("org/neox"), Library.Find("org/neox")!.DownloadBytes));
        Assert.Contains("\"llama\"", await Library.AddAsync("org/llama", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Null(Library.Find("org/llama"));
        Library.Forget("org/neox");
        Assert.Null(Library.Find("org/neox"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../etc")]
    [InlineData("gpt2")]
    [InlineData("a/b/c")]
    [InlineData("/no/such/folder")]
    [InlineData("/usr")]
    [InlineData("https://huggingface.co/org/name")]
    [InlineData("/a\0b")]
    public async Task What_is_neither_name_nor_folder_is_told_and_nobody_is_asked(string text)
    {
        Assert.NotNull(await Library.AddAsync(text, TestContext.Current.CancellationToken));
        Assert.Empty(Library.Models);
    }
}
