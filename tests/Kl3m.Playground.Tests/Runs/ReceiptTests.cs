using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kl3m.Inference;
using Kl3m.Playground.Runs;
using Kl3m.Playground.Tests.Components.Shared;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Runs;

public sealed class ReceiptTests
{
    [Fact]
    public async Task A_receipt_read_again_is_the_run_with_all_its_numbers()
    {
        var run = await TestRun.WholeAsync(sequences: 2, maxTokens: 12);
        var receipt = ReceiptJson.Read(ReceiptJson.Write(await ReceiptAsync(run)));
        var again = Assert.Single(receipt.Runs).ToRun((request, model) => new Run(request, model, TimeProvider.System));
        Assert.Equal(run.PromptTokenIds, again.PromptTokenIds);
        Assert.Equal(run.Seed, again.Seed);
        Assert.Equal(RunStatus.Done, again.Status);
        Assert.Equal(run.Timings, again.Timings);
        Assert.Equal("x", receipt.Runs[0].Prompt);
        for (var sequence = 0; sequence < 2; sequence++)
        {
            Assert.Equal(run.Sequences[sequence].Text, again.Sequences[sequence].Text);
            Assert.Equal(run.Sequences[sequence].Finished, again.Sequences[sequence].Finished);
            foreach (var (expected, got) in run.Sequences[sequence].Tokens.Zip(again.Sequences[sequence].Tokens))
            {
                Assert.Equal(expected.Score with { Alternatives = [] }, got.Score with { Alternatives = got.Score.Alternatives.Count == 0 ? got.Score.Alternatives : [] });
                Assert.Equal(expected.Score.Alternatives, got.Score.Alternatives);
                Assert.Equal(expected.Trace.Stages, got.Trace.Stages);
                Assert.Equal((expected.Trace.U, expected.Trace.Low, expected.Trace.High, expected.Trace.Kept), (got.Trace.U, got.Trace.Low, got.Trace.High, got.Trace.Kept));
            }
        }
    }

    [Fact]
    public async Task It_names_its_tokens_without_the_model()
    {
        var receipt = await ReceiptAsync(await TestRun.WholeAsync(maxTokens: 8));
        var model = new RecordedModel(ReceiptJson.Read(ReceiptJson.Write(receipt)).Runs[0]);
        foreach (var token in receipt.Runs[0].Sequences[0].Tokens)
        {
            Assert.Equal(TestRun.Generator.Describe(token.Id).Bytes.ToArray(), model.Describe(token.Id).Bytes.ToArray());
        }
        Assert.Throws<InvalidRequestException>(() => model.Describe(99_999));
    }

    [Fact]
    public async Task One_token_is_one_line()
    {
        var text = Encoding.UTF8.GetString(ReceiptJson.Write(await ReceiptAsync(await TestRun.WholeAsync(maxTokens: 8))));
        Assert.Equal(8, text.Split('\n').Count(line => line.TrimStart().StartsWith("{\"id\":", StringComparison.Ordinal) && line.Contains("\"check\":", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("id", 257, 3)]
    [InlineData("rank", 9, 0)]
    [InlineData("text", "forged ", 11)]
    [InlineData("raw_logprob", -0.125, 7)]
    public async Task A_token_that_was_changed_is_told_with_its_line_and_position(string field, object value, int position)
    {
        var json = await JsonAsync(maxTokens: 12);
        json["runs"]![0]!["sequences"]![0]!["tokens"]![position]![field] = JsonValue.Create(value);
        var text = json.ToJsonString(new(JsonSerializerOptions.Default) { WriteIndented = true });
        var refused = Assert.Throws<ReceiptException>(() => ReceiptJson.Read(Encoding.UTF8.GetBytes(text)));
        Assert.Contains($"runs[0].sequences[0].tokens[{position}]: token {position + 1} of continuation 1 was changed", refused.Message, StringComparison.Ordinal);
        var place = text.Split('\n')[..(int)refused.Line!];
        Assert.Equal(position, place.Count(line => line.TrimStart().StartsWith("\"id\": 2", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("seed", "\"8\"")]
    [InlineData("prompt", "\"other\"")]
    [InlineData("sampling", "{\"temperature\":0.9,\"max_tokens\":12}")]
    public async Task A_head_that_was_changed_is_refused(string field, string value)
    {
        var json = await JsonAsync(maxTokens: 12);
        json["runs"]![0]![field] = JsonNode.Parse(value);
        Assert.Contains("the settings or the vocabulary were changed", Refusal(json.ToJsonString()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_cut_off_or_taken_out_are_noticed()
    {
        var cut = await JsonAsync(maxTokens: 12);
        cut["runs"]![0]!["sequences"]![0]!["tokens"]!.AsArray().RemoveAt(11);
        Assert.Contains("the end of continuation 1 was changed, after token 11", Refusal(cut.ToJsonString()), StringComparison.Ordinal);
        var without = await JsonAsync(maxTokens: 12);
        without["runs"]![0]!["sequences"]![0]!["tokens"]!.AsArray().RemoveAt(4);
        Assert.Contains("token 5 of continuation 1 was changed, or one before it taken out", Refusal(without.ToJsonString()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_layout_of_the_same_json_is_no_change()
    {
        var json = await JsonAsync(maxTokens: 12);
        Assert.Single(ReceiptJson.Read(Encoding.UTF8.GetBytes(json.ToJsonString(new(JsonSerializerOptions.Default) { WriteIndented = true, IndentSize = 7 }))).Runs);
        Assert.Single(ReceiptJson.Read(Encoding.UTF8.GetBytes(json.ToJsonString())).Runs);
    }

    [Fact]
    public async Task What_is_malformed_is_told_with_its_line_and_field()
    {
        var text = Encoding.UTF8.GetString(ReceiptJson.Write(await ReceiptAsync(await TestRun.WholeAsync(maxTokens: 3))));
        Assert.Matches(@"^Line 1: the file is not valid JSON", Refusal("hello"));
        Assert.Matches(@"^Line 1: the file lacks 'format'", Refusal("{}"));
        Assert.Matches(@"^Line \d+: runs\[0\]\.sequences\[0\]\.tokens\[0\]\.rank holds what does not belong there", Refusal(text.Replace("\"rank\":", "\"rank\":\"first\",\"was\":", StringComparison.Ordinal)));
        Assert.Matches(@"^Line \d+: .* the name 'extra' is not known there", Refusal(text.Replace("\"prompt\":", "\"extra\":1,\"prompt\":", StringComparison.Ordinal)));
        Assert.Matches(@"^Line \d+: .*", Refusal(text[..(text.Length / 2)]));
        Assert.Contains("this program reads", Refusal(text.Replace("\"version\": 2", "\"version\": 3", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains("at most", Assert.Throws<ReceiptException>(() => ReceiptJson.Read(new byte[ReceiptJson.MaxBytes + 1])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_first_version_wrote_still_opens_with_its_checks()
    {
        var text = Encoding.UTF8.GetString(ReceiptJson.Write(await ReceiptAsync(await TestRun.WholeAsync(maxTokens: 3))));
        Assert.DoesNotContain("top_only", text, StringComparison.Ordinal);
        var first = ReceiptJson.Read(Encoding.UTF8.GetBytes(text.Replace("\"version\": 2", "\"version\": 1", StringComparison.Ordinal)));
        Assert.Null(Assert.Single(first.Runs).Model.TopOnly);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(100_000)]
    public async Task A_server_that_tells_more_tokens_than_there_are_is_refused(int topOnly)
    {
        var receipt = await ReceiptAsync(await TestRun.WholeAsync(maxTokens: 3));
        var forged = ReceiptChecks.Sign(receipt.Runs[0] with { Model = receipt.Runs[0].Model with { TopOnly = topOnly } });
        Assert.Contains("top_only", Refusal(Encoding.UTF8.GetString(ReceiptJson.Write(receipt with { Runs = [forged] }))), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_that_is_handed_in_as_a_receipt_does_more_than_be_refused()
    {
        foreach (var text in HostileTexts.All(500))
        {
            Assert.InRange(Refusal(text).Length, 1, 600);
        }
    }

    [Fact]
    public async Task Hostile_texts_within_a_signed_receipt_come_through_as_they_are_or_are_refused()
    {
        var receipt = await ReceiptAsync(await TestRun.WholeAsync(maxTokens: 4));
        foreach (var text in HostileTexts.All(500))
        {
            var run = receipt.Runs[0];
            var token = run.Sequences[0].Tokens[0] with { Text = text };
            var forged = ReceiptChecks.Sign(run with { Prompt = text, Model = run.Model with { Id = text.Length > 512 ? "x" : text }, Sequences = [run.Sequences[0] with { Tokens = [token, .. run.Sequences[0].Tokens.Skip(1)] }] });
            var bytes = ReceiptJson.Write(receipt with { Runs = [forged] });
            Assert.DoesNotContain("<script", Encoding.UTF8.GetString(bytes), StringComparison.OrdinalIgnoreCase);
            var read = ReceiptJson.Read(bytes).Runs[0].ToRun((request, model) => new Run(request, model, TimeProvider.System));
            Assert.Equal(string.Concat(text.EnumerateRunes().Select(rune => rune.ToString())), read.Sequences[0].Tokens[0].Text);
        }
    }

    [Fact]
    public async Task Numbers_that_no_run_has_are_refused_even_where_the_checks_fit()
    {
        var receipt = await ReceiptAsync(await TestRun.WholeAsync(maxTokens: 4));
        var run = receipt.Runs[0];
        var token = run.Sequences[0].Tokens[1];
        TokenReceipt[] impossible =
        [
            token with { Id = -1 }, token with { Id = int.MaxValue }, token with { RawLogprob = 3 }, token with { Rank = -4 }, token with { U = 1 }, token with { High = 7 }, token with { Kept = 1_000_000 },
            token with { Alternatives = [new(-3, -1, -1, null)] },
        ];
        foreach (var wrong in impossible)
        {
            var forged = ReceiptChecks.Sign(run with { Sequences = [run.Sequences[0] with { Tokens = [run.Sequences[0].Tokens[0], wrong] }] });
            Assert.Contains("runs[0].sequences[0].tokens[1]: ", Refusal(Encoding.UTF8.GetString(ReceiptJson.Write(receipt with { Runs = [forged] }))), StringComparison.Ordinal);
        }
        Assert.Contains("Temperature", Refusal(Encoding.UTF8.GetString(ReceiptJson.Write(receipt with { Runs = [ReceiptChecks.Sign(run with { Sampling = run.Sampling with { Temperature = -1 } })] }))), StringComparison.Ordinal);
    }

    private static Task<Receipt> ReceiptAsync(Run run) => ReceiptOfRun.MakeAsync([(run, TestRun.Generator)], DateTimeOffset.UnixEpoch);

    private static async Task<JsonNode> JsonAsync(int maxTokens) => JsonNode.Parse(ReceiptJson.Write(await ReceiptAsync(await TestRun.WholeAsync(maxTokens: maxTokens))))!;

    private static string Refusal(string text) => Assert.Throws<ReceiptException>(() => ReceiptJson.Read(Encoding.UTF8.GetBytes(text))).Message;
}
