using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Kl3m.Inference;
using Kl3m.Inference.Engine;
using Kl3m.Playground.Backends.Remote;
using Kl3m.Playground.Scoring;
using Kl3m.Playground.Tests.Edge;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kl3m.Playground.Tests.Remote;

/// <summary>
/// Against llama.cpp's real server with the bundled model as GGUF (fp32). Runs where KL3M_LLAMA_SERVER names the program and KL3M_LLAMA_GGUF the file;
/// what it answers otherwise is kept in <see cref="LlamaCppTests"/>.
/// </summary>
public sealed class LlamaServerTests : IAsyncLifetime
{
    private static readonly string? Program = Environment.GetEnvironmentVariable("KL3M_LLAMA_SERVER");
    private static readonly string? Gguf = Environment.GetEnvironmentVariable("KL3M_LLAMA_GGUF");
    private Process? server;
    private TcpLine? line;

    public async ValueTask InitializeAsync()
    {
        if (string.IsNullOrEmpty(Program) || string.IsNullOrEmpty(Gguf))
        {
            return;
        }
        var port = FreePort();
        server = Process.Start(new ProcessStartInfo(Program,
            ["-m", Gguf, "--host", "127.0.0.1", "--port", $"{port}", "-t", "1", "-c", "4096", "-np", "4", "--alias", LlamaCppTests.Model.Id]) { RedirectStandardError = true, RedirectStandardOutput = true });
        server!.OutputDataReceived += (_, _) => { };
        server.ErrorDataReceived += (_, _) => { };
        server.BeginOutputReadLine();
        server.BeginErrorReadLine();
        line = new(port);
        using var http = new HttpClient();
        while (!server.HasExited)
        {
            try
            {
                if ((await http.GetAsync(new Uri($"http://127.0.0.1:{port}/health"))).IsSuccessStatusCode)
                {
                    break;
                }
            }
            catch (HttpRequestException)
            {
            }
            await Task.Delay(50);
        }
    }

    [Fact]
    public async Task The_favourites_are_our_engines_and_so_are_their_numbers()
    {
        using var client = await ConnectAsync();
        await using var engine = await EngineAsync();
        var request = new GenerationRequest { Prompt = "Governing Law. This Agreement shall be", Alternatives = 5, Sampling = new() { MaxTokens = 24, Temperature = 0 } };
        var (home, away) = (await RemoteClient.RunAsync(engine, request), await client.RunAsync(request));
        Assert.Equal(home.OfType<TokenGenerated>().Select(token => token.Score.TokenId), away.OfType<TokenGenerated>().Select(token => token.Score.TokenId));
        foreach (var (own, remote) in home.OfType<TokenGenerated>().Zip(away.OfType<TokenGenerated>()))
        {
            Assert.Equal(own.Score.RawLogprob, remote.Score.RawLogprob, 0.02f); // its GELU is a table
            Assert.Equal((own.Text, 1), (remote.Text, remote.Score.Rank));
        }
    }

    [Fact]
    public async Task A_text_that_it_did_not_write_is_scored_as_our_engine_scores_it()
    {
        using var client = await ConnectAsync();
        await using var engine = await EngineAsync();
        const string Text = "The term “Contract” — as used in § 7.2 of this Act… — means façade.";
        var request = new GenerationRequest { Prompt = Text, Alternatives = 5, ScorePrompt = true, Sampling = new() { MaxTokens = 0 } };
        var home = (await RemoteClient.RunAsync(engine, request)).OfType<PromptScored>().Single().Tokens;
        var away = (await client.RunAsync(request)).OfType<PromptScored>().Single().Tokens;
        Assert.Null(away[0]);
        Assert.Equal(home.Count, away.Count);
        foreach (var (own, remote) in home.Zip(away).Skip(1))
        {
            Assert.Equal(own!.TokenId, remote!.TokenId);
            Assert.True(MathF.Abs(own.RawLogprob - remote.RawLogprob) < 0.05f, $"token {own.TokenId}: {own.RawLogprob} here, {remote.RawLogprob} there");
        }
        var scored = await TextScorer.ScoreAsync(client.Generator, Text, new(1024, 512, false), 5, null, TimeProvider.System, null, default);
        Assert.Equal(away.Count, scored.Tokens.Count);
    }

    [Fact]
    public async Task Sequences_differ_and_a_seed_repeats_them()
    {
        using var client = await ConnectAsync();
        var request = new GenerationRequest { Prompt = "The Commission", Alternatives = 5, Sampling = new() { MaxTokens = 20, Sequences = 4, Seed = 11, Temperature = 0.9f, TopK = 40, TopP = 0.95f, RepetitionPenalty = 1.1f } };
        var (one, two) = (await client.RunAsync(request), await client.RunAsync(request));
        Assert.Equal(Texts(one), Texts(two));
        Assert.Equal(4, Texts(one).Distinct().Count());
    }

    [Fact]
    public async Task A_stop_text_ends_it_here_though_the_server_does_not_know_of_it()
    {
        using var client = await ConnectAsync();
        var greedy = new GenerationRequest { Prompt = "Governing Law. This Agreement shall be", Sampling = new() { MaxTokens = 24, Temperature = 0 } };
        var text = Texts(await client.RunAsync(greedy)).Single();
        var stop = text[8..12];
        var events = await client.RunAsync(greedy with { Sampling = greedy.Sampling with { Stop = [stop], MaxTokens = 900 } });
        Assert.Equal(text[..text.IndexOf(stop, StringComparison.Ordinal)], Texts(events).Single());
        Assert.Equal(stop, events.OfType<SequenceFinished>().Single().StopText);
    }

    [Fact]
    public async Task A_cut_line_keeps_the_text_and_a_mended_one_serves_again()
    {
        using var client = await ConnectAsync();
        var request = new GenerationRequest { Prompt = "The Commission", Sampling = new() { MaxTokens = 900, Seed = 1 } };
        var (events, failure) = await RemoteClient.TryAsync(client.Generator, request, happened =>
        {
            if (happened is TokenGenerated { Position: 10 })
            {
                line!.Cut();
            }
        });
        Assert.True(events.OfType<TokenGenerated>().Count() >= 10);
        Assert.Contains("The line to", Assert.IsType<EngineFailedException>(failure).Message, StringComparison.Ordinal);
        await client.Servers[0].ProbeAsync(default);
        Assert.False(client.Generator.IsHealthy);
        line!.Mend();
        await client.Servers[0].ProbeAsync(default);
        Assert.True(client.Generator.IsHealthy);
        Assert.Equal(5, (await client.RunAsync(request with { Sampling = new() { MaxTokens = 5, Seed = 1 } })).OfType<TokenGenerated>().Count());
    }

    public async ValueTask DisposeAsync()
    {
        line?.Dispose();
        if (server is not null)
        {
            server.Kill();
            await server.WaitForExitAsync();
            server.Dispose();
        }
    }

    private async Task<RemoteClient> ConnectAsync()
    {
        Assert.SkipWhen(server is null, "KL3M_LLAMA_SERVER and KL3M_LLAMA_GGUF name no server and no model");
        Assert.False(server.HasExited, "the server named in KL3M_LLAMA_SERVER ended");
        return await RemoteClient.ConnectAsync(null, new LogText(), LlamaCppTests.Bundled, LlamaCppTests.Model, new RemoteOptions { Url = $"http://127.0.0.1:{line!.Port}", Model = LlamaCppTests.Model.Id });
    }

    private static Task<InferenceEngine> EngineAsync() => EngineLoader.LoadAsync(Path.Combine(AppContext.BaseDirectory, "BundledModel"), LlamaCppTests.Model.Id,
        new EngineOptions { Device = "cpu", Dtype = "fp32", Threads = 1 }, TimeProvider.System, NullLogger<InferenceEngine>.Instance);

    private static IEnumerable<string> Texts(IEnumerable<GenerationEvent> events) =>
        events.OfType<TokenGenerated>().GroupBy(token => token.SequenceIndex).OrderBy(sequence => sequence.Key).Select(sequence => string.Concat(sequence.Select(token => token.Text)));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
