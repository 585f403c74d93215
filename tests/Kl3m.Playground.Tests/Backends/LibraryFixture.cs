using Kl3m.Inference;
using Kl3m.Inference.Engine;
using Kl3m.Inference.Models;
using Kl3m.Playground.Backends;
using Kl3m.Playground.Backends.Library;
using Kl3m.Playground.Hub;
using Kl3m.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Kl3m.Playground.Tests.Backends;

/// <summary>A library over a machine of the test's making: an empty cache, 10 GB of memory, models that are fakes and take what the test says.</summary>
internal sealed class LibraryFixture : IAsyncDisposable
{
    public const string Hub = "alea-institute/kl3m-002-170m";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory();
    private readonly LocalModels local;

    public LibraryFixture(LibraryOptions? options = null)
    {
        Settings = new(new("http://127.0.0.1:1/"), Path.Combine(folder.FullName, "hub"));
        options ??= new() { DrainSeconds = 30 };
        local = new(options, Settings);
        var steps = new ModelSteps(
            (id, report, cancellationToken) => Fetch(id, report, cancellationToken),
            (id, cancellationToken) => Look(id, cancellationToken),
            (found, cache, report, cancellationToken) => Load(found, cache, report, cancellationToken),
            config => new("cpu", "fp32", WeightBytes, BytesPerToken, 1_000_000),
            _ => Memory);
        Library = new(Catalogue, local, Settings, steps, Options.Create(new EngineOptions { KvCacheBytes = CacheBytes }), Options.Create(options), Time, NullLogger<ModelLibrary>.Instance);
    }

    public const long CacheBytes = 1_000_000_000;
    public const long BytesPerToken = 100_000;

    public BackendCatalogue Catalogue { get; } = new();

    public ModelLibrary Library { get; }

    public HubSettings Settings { get; }

    public FakeTimeProvider Time { get; } = new();

    public string Folder => folder.FullName;

    public long WeightBytes { get; set; } = 3_000_000_000;

    public DeviceMemory? Memory { get; set; } = new(10_000_000_000, 500_000_000);

    /// <summary>The bundled model's folder does for any that was fetched.</summary>
    public FetchModel Fetch { get; set; } = (_, _, _) => Task.FromResult(ModelFolder.BundledPath);

    public LookAtHub Look { get; set; } = (_, _) => throw new HubException("nobody was to be asked");

    public LoadModel Load { get; set; } = (found, _, report, _) =>
    {
        report(LoadPhase.Reading, 0.5);
        return Task.FromResult<ITextGenerator>(Fake(found.Id));
    };

    public static FakeTextGenerator Fake(string id) => new() { Model = new FakeTextGenerator().Model with { Id = id } };

    public ModelCondition Condition(string id) => Library.Find(id)!.Condition;

    /// <summary>Puts a model in the list that lies here; the bundled files under another name.</summary>
    public string Here(string id)
    {
        Library.Put(new ModelFolder(ModelFolder.BundledPath, id));
        return id;
    }

    public async Task<string> LoadedAsync(string id)
    {
        await Library.LoadAsync(Here(id));
        Assert.Equal(ModelCondition.Loaded, Condition(id));
        return id;
    }

    /// <summary>Waits for the library to say so; it is asked at each change.</summary>
    public async Task Until(Func<ModelLibrary, bool> condition)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look()
        {
            if (condition(Library))
            {
                reached.TrySetResult();
            }
        }
        Library.Changed += Look;
        Look();
        await reached.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Library.Changed -= Look;
    }

    public async ValueTask DisposeAsync()
    {
        await Library.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
