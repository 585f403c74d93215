using System.Net;
using System.Text;
using System.Text.Json;
using Kl3m.Inference;
using Kl3m.Inference.Tokenization;
using Kl3m.Playground.Backends.Remote;
using Kl3m.Playground.Tests.Edge;

namespace Kl3m.Playground.Tests.Remote;

/// <summary>llama.cpp's server, by answers of its own that were recorded in November 2026 (bundled model as GGUF, fp32).</summary>
public sealed class LlamaCppTests
{
    private static readonly GenerationRequest Request = new() { Prompt = "Governing Law. ", Alternatives = 3, Sampling = new() { MaxTokens = 5, Sequences = 2, Seed = 7 } };

    [Fact]
    public async Task Tokens_numbers_and_ends_are_read()
    {
        using var client = await ConnectAsync("two-sequences.sse");
        var events = await client.RunAsync(Request);
        var tokens = events.OfType<TokenGenerated>().ToList();
        Assert.Equal([5, 5], tokens.GroupBy(token => token.SequenceIndex).Select(sequence => sequence.Count()));
        Assert.All(tokens, token =>
        {
            Assert.Equal(3, token.Score.Alternatives.Count(other => other.TokenId >= 0));
            Assert.Equal(token.Score.RawLogprob, token.Score.FinalLogprob);
            Assert.True(token.Score.Rank == 0 || token.Score.Alternatives[token.Score.Rank - 1].RawLogprob == token.Score.RawLogprob);
        });
        Assert.Equal([FinishReason.Length, FinishReason.Length], events.OfType<SequenceFinished>().Select(end => end.Reason));
        Assert.Equal(new Usage(6, 10), events.OfType<GenerationFinished>().Single().Usage);
    }

    [Fact]
    public async Task The_end_token_is_the_end_and_no_text()
    {
        using var client = await ConnectAsync("end-token.sse");
        var events = await client.RunAsync(Request with { Sampling = new() { MaxTokens = 12 } });
        Assert.Equal(new SequenceFinished(0, FinishReason.Stop, null, 1), events.OfType<SequenceFinished>().Single());
        Assert.Equal("", string.Concat(events.OfType<TokenGenerated>().Select(token => token.Text)));
    }

    [Fact]
    public async Task A_token_that_is_not_told_is_known_by_the_character_that_it_began()
    {
        using var client = await ConnectAsync("broken-character.sse");
        var tokens = (await client.RunAsync(Request with { Sampling = new() { MaxTokens = 3 } })).OfType<TokenGenerated>().ToList();
        Assert.Equal([670, 362, 106], tokens.Select(token => token.Score.TokenId)); // land, the first two bytes of an ellipsis, the third
        Assert.Equal("land…", string.Concat(tokens.Select(token => token.Text)));
        Assert.True(float.IsNaN(tokens[1].Score.RawLogprob));
        Assert.Equal(-3.5233f, tokens[2].Score.RawLogprob, 1e-3f);
    }

    [Fact]
    public void Bytes_that_no_token_has_are_said_to_be_unknown()
    {
        var untold = new UntoldTokens(Bundled);
        Assert.Equal([], untold.Before("land", 670));
        Assert.Equal([], untold.Before("", 1));
        Assert.Contains("does not tell", Assert.Throws<EngineFailedException>(() => untold.Before("\uFFFDland", 670)).Message, StringComparison.Ordinal);
        Assert.Contains("does not tell", Assert.Throws<EngineFailedException>(() => untold.Before("another text", 670)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_request_has_its_own_names_and_the_order_of_transformers()
    {
        using var server = new RecordedServer("end-token.sse");
        using var client = await ConnectAsync(server);
        await client.RunAsync(Request with { FirstSequence = 2, Sampling = new() { MaxTokens = 5, Seed = ulong.MaxValue, RepetitionPenalty = 1.2f, Stop = ["x"], TypicalP = 0.9f } });
        var asked = JsonElement.Parse(Assert.Single(server.Bodies));
        Assert.Equal(["penalties", "temperature", "top_k", "top_p", "min_p", "typ_p"], asked.GetProperty("samplers").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(1.2, asked.GetProperty("repeat_penalty").GetDouble(), 1e-6);
        Assert.Equal(1024, asked.GetProperty("repeat_last_n").GetInt32());
        Assert.Equal(0, asked.GetProperty("top_k").GetInt32());
        Assert.InRange(asked.GetProperty("seed").GetInt64(), 0, int.MaxValue);
        Assert.False(asked.TryGetProperty("stop", out _));
    }

    [Fact]
    public async Task What_it_would_do_otherwise_is_refused_by_name()
    {
        using var server = new RecordedServer("end-token.sse");
        using var client = await ConnectAsync(server);
        var (_, failure) = await RemoteClient.TryAsync(client.Generator, Request with { Sampling = new() { NoRepeatNgramSize = 3, FrequencyPenalty = 1, PresencePenalty = 1, StopAtEnd = false } });
        Assert.Equal([nameof(SamplingParams.NoRepeatNgramSize), nameof(SamplingParams.FrequencyPenalty), nameof(SamplingParams.PresencePenalty), nameof(SamplingParams.StopAtEnd)],
            Assert.IsType<InvalidRequestException>(failure).Problems.Select(problem => problem.Field));
        Assert.Empty(server.Bodies);
    }

    [Fact]
    public async Task A_refusal_that_names_its_field_in_words_is_understood()
    {
        using var client = await ConnectAsync("refusal.json");
        var (_, failure) = await RemoteClient.TryAsync(client.Generator, Request with { Sampling = new() { Sequences = 8 } });
        var problem = Assert.Single(Assert.IsType<InvalidRequestException>(failure).Problems);
        Assert.Equal(nameof(SamplingParams.Sequences), problem.Field);
        Assert.Contains("between 1 <= value <= 4", problem.Message, StringComparison.Ordinal);
        Assert.True(client.Generator.IsHealthy);
    }

    [Fact]
    public async Task Context_and_vocabulary_are_read_from_the_list_of_models()
    {
        using var client = await ConnectAsync("end-token.sse");
        Assert.Equal(new RemoteMeta(1024, 1024, 4096), client.Servers[0].Model!.Meta);
        Assert.Equal(LlamaCpp.Server, client.Servers[0].Model!.OwnedBy);
    }

    internal static Tokenizer Bundled { get; } = Tokenizer.Load(Path.Combine(AppContext.BaseDirectory, "BundledModel", "tokenizer.json"));

    internal static ModelInfo Model { get; } = Upstream.Model with { Id = "kl3m-playground-7m", ContextLength = 1024, VocabularySize = 4096, EndTokenIds = [1] };

    private static Task<RemoteClient> ConnectAsync(string recording) => ConnectAsync(new RecordedServer(recording));

    private static Task<RemoteClient> ConnectAsync(RecordedServer server) =>
        RemoteClient.ConnectAsync(server, new LogText(), Bundled, Model, new RemoteOptions { Url = "http://llama:8080", Model = Model.Id });

    private sealed class RecordedServer(string recording) : HttpMessageHandler
    {
        public List<string> Bodies { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Method == HttpMethod.Get)
            {
                return Answer("models.json", HttpStatusCode.OK);
            }
            Bodies.Add(await request.Content!.ReadAsStringAsync(cancellationToken));
            return Answer(recording, recording == "refusal.json" ? HttpStatusCode.BadRequest : HttpStatusCode.OK);
        }

        private static HttpResponseMessage Answer(string name, HttpStatusCode status)
        {
            using var text = new StreamReader(typeof(LlamaCppTests).Assembly.GetManifestResourceStream("recordings/" + name)!);
            return new(status) { Content = new StringContent(text.ReadToEnd(), Encoding.UTF8, name.EndsWith(".sse", StringComparison.Ordinal) ? "text/event-stream" : "application/json") };
        }
    }
}
