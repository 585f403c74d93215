using System.Net;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Api;

public sealed class TokenizeTests : IDisposable
{
    private readonly ApiClient client = new(new FakeTextGenerator());

    public void Dispose() => client.Dispose();

    [Fact]
    public async Task A_text_becomes_token_ids() => Assert.Equal(
        """{"count":3,"max_model_len":1024,"tokens":[65,195,169]}""",
        (await client.PostAsync("/tokenize", """{"model":"fake","prompt":"Aé"}""")).GetRawText());

    [Fact]
    public async Task An_empty_text_has_no_tokens() => Assert.Equal(
        """{"count":0,"max_model_len":1024,"tokens":[]}""",
        (await client.PostAsync("/tokenize", """{"prompt":""}""")).GetRawText());

    [Fact]
    public async Task The_tokens_texts_come_when_asked_for() => Assert.Equal(
        ["A", "bytes:\\xc3", "bytes:\\xa9"],
        (await client.PostAsync("/tokenize", """{"prompt":"Aé","return_token_strs":true}""")).GetProperty("token_strs").EnumerateArray().Select(token => token.GetString()));

    [Fact]
    public async Task Token_ids_become_their_text_with_special_tokens_kept() => Assert.Equal(
        """{"prompt":"Aé<|end|>"}""",
        (await client.PostAsync("/detokenize", """{"model":"fake","tokens":[65,195,169,256]}""")).GetRawText());

    [Fact]
    public async Task No_tokens_are_the_empty_text() => Assert.Equal(
        """{"prompt":""}""",
        (await client.PostAsync("/detokenize", """{"tokens":[]}""")).GetRawText());

    [Theory]
    [InlineData("/tokenize", "prompt", "{}")]
    [InlineData("/tokenize", "prompt", """{"prompt":["A"]}""")]
    [InlineData("/tokenize", "prompt", """{"prompt":"\ud800"}""")]
    [InlineData("/tokenize", "return_token_strs", """{"prompt":"A","return_token_strs":1}""")]
    [InlineData("/detokenize", "tokens", "{}")]
    [InlineData("/detokenize", "tokens", """{"tokens":"A"}""")]
    [InlineData("/detokenize", "tokens", """{"tokens":[-1]}""")]
    [InlineData("/detokenize", "tokens", """{"tokens":[100000]}""")]
    public async Task A_wrong_field_is_named(string path, string param, string request)
    {
        var (status, error) = await client.RefusalAsync(path, request);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(param, error.GetProperty("param").GetString());
    }
}
