using System.Text.Json;
using Kl3m.Inference;

namespace Kl3m.Playground.Tests.Api;

public sealed class CompletionTests : IDisposable
{
    private readonly SpyTextGenerator spy = new();
    private readonly ApiClient client;

    public CompletionTests() => client = new(spy);

    public void Dispose() => client.Dispose();

    private GenerationRequest Asked => Assert.Single(spy.Asked);

    [Fact]
    public async Task A_completion_has_the_shape_that_clients_know()
    {
        var completion = await client.CompleteAsync("""{"model":"fake","prompt":"Hi","max_tokens":3,"seed":1}""");
        Assert.Equal(["id", "object", "created", "model", "choices", "usage"], completion.EnumerateObject().Select(field => field.Name));
        Assert.StartsWith("cmpl-", completion.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal("text_completion", completion.GetProperty("object").GetString());
        Assert.True(completion.GetProperty("created").GetInt64() > 1_700_000_000);
        Assert.Equal("fake", completion.GetProperty("model").GetString());
        Assert.Equal("""{"prompt_tokens":2,"completion_tokens":3,"total_tokens":5}""", completion.GetProperty("usage").GetRawText());
        var choice = Assert.Single(completion.GetProperty("choices").EnumerateArray());
        Assert.Equal(["index", "text", "logprobs", "finish_reason", "stop_reason"], choice.EnumerateObject().Select(field => field.Name));
        Assert.NotEmpty(choice.GetProperty("text").GetString()!);
        Assert.Equal("length", choice.GetProperty("finish_reason").GetString());
        Assert.Equal(JsonValueKind.Null, choice.GetProperty("logprobs").ValueKind);
        Assert.Equal(JsonValueKind.Null, choice.GetProperty("stop_reason").ValueKind);
    }

    [Fact]
    public async Task Left_out_and_null_fields_are_OpenAIs_defaults()
    {
        await client.CompleteAsync("""
            {"prompt":"Hi","model":null,"max_tokens":null,"n":null,"temperature":null,"top_p":null,"stop":null,"seed":null,"logit_bias":null,
             "logprobs":null,"echo":null,"stream":null,"stream_options":null,"best_of":null,"suffix":null,"user":null,"something_new":{"x":1}}
            """);
        Assert.Equivalent(new SamplingParams { MaxTokens = 16 }, Asked.Sampling, strict: true);
        Assert.Equal("Hi", Asked.Prompt);
        Assert.Equal(0, Asked.Alternatives);
        Assert.False(Asked.ScorePrompt);
        Assert.Equal("api::", Asked.User); // this server's clients have no address
    }

    public static TheoryData<string, SamplingParams> Settings => new()
    {
        { "\"max_tokens\":5", new() { MaxTokens = 5 } },
        { "\"max_tokens\":5.0", new() { MaxTokens = 5 } },
        { "\"max_tokens\":0", new() { MaxTokens = 0 } },
        { "\"n\":3", new() { Sequences = 3 } },
        { "\"n\":2,\"best_of\":2", new() { Sequences = 2 } },
        { "\"temperature\":0.25", new() { Temperature = 0.25f } },
        { "\"temperature\":0", new() { Temperature = 0 } },
        { "\"top_p\":0.5", new() { TopP = 0.5f } },
        { "\"top_k\":40", new() { TopK = 40 } },
        { "\"top_k\":-1", new() { TopK = 0 } },
        { "\"top_k\":0", new() { TopK = 0 } },
        { "\"min_p\":0.1", new() { MinP = 0.1f } },
        { "\"typical_p\":0.9", new() { TypicalP = 0.9f } },
        { "\"repetition_penalty\":1.2", new() { RepetitionPenalty = 1.2f } },
        { "\"frequency_penalty\":-1.5", new() { FrequencyPenalty = -1.5f } },
        { "\"presence_penalty\":2", new() { PresencePenalty = 2 } },
        { "\"no_repeat_ngram_size\":3", new() { NoRepeatNgramSize = 3 } },
        { "\"logit_bias\":{\"5\":-100,\"007\":1.5}", new() { LogitBias = new Dictionary<int, float> { [5] = -100, [7] = 1.5f } } },
        { "\"seed\":42", new() { Seed = 42 } },
        { "\"seed\":-1", new() { Seed = ulong.MaxValue } },
        { "\"seed\":18446744073709551615", new() { Seed = ulong.MaxValue } },
        { "\"seed\":\"18446744073709551614\"", new() { Seed = ulong.MaxValue - 1 } },
        { "\"stop\":\"\\n\"", new() { Stop = ["\n"] } },
        { "\"stop\":[\"a\",\"b\"]", new() { Stop = ["a", "b"] } },
        { "\"stop\":[]", new() { Stop = [] } },
        { "\"ignore_eos\":true", new() { StopAtEnd = false } },
    };

    [Theory]
    [MemberData(nameof(Settings))]
    public async Task Each_field_sets_its_setting_and_no_other(string field, SamplingParams expected)
    {
        await client.CompleteAsync($$"""{"prompt":"Hi",{{field}}}""");
        var sampling = field.Contains("max_tokens", StringComparison.Ordinal) ? Asked.Sampling : Asked.Sampling with { MaxTokens = 32 };
        Assert.Equivalent(expected, sampling, strict: true);
    }

    [Fact]
    public async Task Who_asks_is_the_address_and_whom_it_names()
    {
        await client.CompleteAsync("""{"prompt":"Hi","user":"ada"}""");
        Assert.Equal("api::ada", Asked.User);
    }

    [Fact]
    public async Task Logprobs_asks_for_as_many_alternatives()
    {
        await client.CompleteAsync("""{"prompt":"Hi","logprobs":7}""");
        Assert.Equal(7, Asked.Alternatives);
        Assert.False(Asked.ScorePrompt);
    }

    [Theory]
    [InlineData("\"Hi\"", "Hi")]
    [InlineData("[\"Hi\"]", "Hi")]
    public async Task A_prompt_may_be_a_text(string prompt, string expected)
    {
        await client.CompleteAsync($$"""{"prompt":{{prompt}}}""");
        Assert.Equal(expected, Asked.Prompt);
        Assert.Null(Asked.PromptTokenIds);
    }

    [Theory]
    [InlineData("[72,105]")]
    [InlineData("[[72,105]]")]
    public async Task A_prompt_may_be_token_ids(string prompt)
    {
        await client.CompleteAsync($$"""{"prompt":{{prompt}}}""");
        Assert.Equal([72, 105], Asked.PromptTokenIds);
        Assert.Null(Asked.Prompt);
    }

    [Theory]
    [InlineData("""["A","BC"]""")]
    [InlineData("""[[65],[66,67]]""")]
    public async Task Choices_of_several_prompts_are_numbered_prompt_by_prompt(string prompts)
    {
        var completion = await client.CompleteAsync($$"""{"prompt":{{prompts}},"n":2,"max_tokens":2,"echo":true,"return_token_ids":true}""");
        var choices = completion.GetProperty("choices").EnumerateArray().ToList();
        Assert.Equal([0, 1, 2, 3], choices.Select(choice => choice.GetProperty("index").GetInt32()));
        Assert.Equal(["[65]", "[65]", "[66,67]", "[66,67]"], choices.Select(choice => choice.GetProperty("prompt_token_ids").GetRawText()));
        Assert.All(choices[..2], choice => Assert.StartsWith("A", choice.GetProperty("text").GetString(), StringComparison.Ordinal));
        Assert.All(choices[2..], choice => Assert.StartsWith("BC", choice.GetProperty("text").GetString(), StringComparison.Ordinal));
        Assert.NotEqual(choices[0].GetProperty("text").GetString(), choices[1].GetProperty("text").GetString());
        Assert.Equal("""{"prompt_tokens":3,"completion_tokens":8,"total_tokens":11}""", completion.GetProperty("usage").GetRawText());
    }

    [Fact]
    public async Task Token_ids_come_when_asked_for()
    {
        var choice = await client.ChoiceAsync("""{"prompt":"Hi","max_tokens":4,"return_token_ids":true}""");
        Assert.Equal("[72,105]", choice.GetProperty("prompt_token_ids").GetRawText());
        Assert.Equal(4, choice.GetProperty("token_ids").GetArrayLength());
    }

    [Fact]
    public async Task Echo_puts_the_prompt_before_the_completion()
    {
        var plain = await client.ChoiceAsync("""{"prompt":"Zoë 🦊 ","max_tokens":3,"seed":5}""");
        var echoed = await client.ChoiceAsync("""{"prompt":"Zoë 🦊 ","max_tokens":3,"seed":5,"echo":true}""");
        Assert.Equal("Zoë 🦊 " + plain.GetProperty("text").GetString(), echoed.GetProperty("text").GetString());
    }
}
