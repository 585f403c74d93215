using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kl3m.Playground.Backends;
using Kl3m.Tests.Shared;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Kl3m.Playground.Tests.Parity;

/// <summary>
/// What Hugging Face computed, asked of the HTTP API: the whole path from JSON through engine, model and sampler and back.
/// Tolerances are those of the goldens' README.
/// </summary>
public sealed class ApiParityTests
{
    private const double LogprobTolerance = 2e-4;

    /// <summary>Below this distance the order of two alternatives is a matter of rounding.</summary>
    private const double ClearGap = 1e-3;

    public static TheoryData<string> Checkpoints => ["neox-170m-like", "neox-kl3m-like", "neox-sharded-fp16", "neox-tied-bf16"];

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public async Task Echo_without_new_tokens_gives_the_log_probabilities_of_the_prompt(string checkpoint)
    {
        await using var app = await ServeAsync(checkpoint);
        using var client = app.CreateClient();
        var compared = 0;
        foreach (var golden in Golden(checkpoint, "forward.json")["forward"]!.AsArray())
        {
            var prompt = Ints(golden!["input_ids"]);
            var choice = await CompleteAsync(client, new { prompt, echo = true, max_tokens = 0, logprobs = 5, return_tokens_as_token_ids = true });
            var logprobs = choice["logprobs"]!;
            Assert.Equal(prompt.Select(id => $"token_id:{id}"), logprobs["tokens"]!.AsArray().Select(token => token!.GetValue<string>()));
            Assert.Null(logprobs["token_logprobs"]![0]);
            var expected = golden["next_token_logprob"]!.AsArray();
            for (var i = 0; i + 1 < prompt.Length; i++, compared++)
            {
                Assert.Equal(expected[i]!.GetValue<double>(), logprobs["token_logprobs"]![i + 1]!.GetValue<double>(), LogprobTolerance);
                if (golden["top5_min_gap"]![i]!.GetValue<double>() > ClearGap)
                {
                    var top = logprobs["top_logprobs"]![i + 1]!.AsObject().OrderByDescending(pair => pair.Value!.GetValue<double>()).Take(5);
                    Assert.Equal(Ints(golden["top5_ids"]![i]).Select(id => $"token_id:{id}"), top.Select(pair => pair.Key));
                }
            }
        }
        Assert.True(compared > 200);
    }

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public async Task Temperature_zero_gives_the_greedy_tokens(string checkpoint)
    {
        await using var app = await ServeAsync(checkpoint);
        using var client = app.CreateClient();
        var context = app.Services.GetRequiredService<BackendCatalogue>().Default!.Model.ContextLength;
        var golden = Golden(checkpoint, "generation.json");
        var prompts = Golden(checkpoint, "forward.json")["forward"]!.AsArray().Select(entry => Ints(entry!["input_ids"])).ToDictionary(ids => ids.Length);
        foreach (var run in golden["greedy"]!.AsArray())
        {
            // Hugging Face writes on past the context; we refuse to, so the longest prompts are compared as far as the context goes.
            var prompt = prompts[run!["input_len"]!.GetValue<int>()];
            var expected = Ints(run["new_tokens"]).Take(context - prompt.Length).ToArray();
            if (expected.Length == 0)
            {
                continue;
            }
            var choice = await CompleteAsync(client, new
            {
                prompt,
                temperature = 0,
                max_tokens = Math.Min(40, context - prompt.Length),
                return_token_ids = true,
                ignore_eos = golden["eos_token_id"] is null,
            });
            Assert.Equal(expected, Ints(choice["token_ids"]));
        }
    }

    private static async Task<WebApplicationFactory<Program>> ServeAsync(string checkpoint)
    {
        var folder = SharedFolder.Require($"golden/neox/checkpoints/{checkpoint}");
        var app = new WebApplicationFactory<Program>().WithWebHostBuilder(builder =>
        {
            builder.UseSetting("Model:Path", folder);
            builder.UseSetting("Engine:Device", "cpu");
            builder.UseSetting("Engine:Dtype", "fp32");
        });
        var catalogue = app.Services.GetRequiredService<BackendCatalogue>();
        var loaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Follow()
        {
            if (catalogue.Phase is LoadPhase.Ready or LoadPhase.Failed)
            {
                loaded.TrySetResult();
            }
        }
        catalogue.Changed += Follow;
        Follow();
        await loaded.Task;
        Assert.Null(catalogue.Error);
        return app;
    }

    private static async Task<JsonNode> CompleteAsync(HttpClient client, object request)
    {
        var response = await client.PostAsJsonAsync("/v1/completions", request);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonNode.Parse(body)!["choices"]![0]!;
    }

    private static JsonNode Golden(string checkpoint, string file) =>
        JsonNode.Parse(File.ReadAllText(SharedFolder.Require($"golden/neox/goldens/{checkpoint}/{file}")))!;

    private static int[] Ints(JsonNode? array) => array.Deserialize<int[]>()!;
}
