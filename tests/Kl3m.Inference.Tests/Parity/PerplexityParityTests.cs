using Kl3m.Inference.Engine;

namespace Kl3m.Inference.Tests.Parity;

/// <summary>
/// The three perplexities that one text has: the mean of window means (transformers' documentation up to 4.45), windows weighted by their
/// number of labels less one (later), and each token once. They differ by up to 28 %.
/// </summary>
public sealed class PerplexityParityTests
{
    public static TheoryData<string> Names => NeoxGolden.Names;

    [Theory, MemberData(nameof(Names))]
    public void Perplexity_is_that_of_transformers_by_each_recipe_with_the_cache(string name)
    {
        using var runner = RunnerParityTests.Load(name);
        Check(name, ids => RunnerParityTests.Prefill(runner, ids, chunk: 48));
    }

    [Theory, MemberData(nameof(Names))]
    public void Perplexity_is_that_of_transformers_by_each_recipe_over_a_dense_batch(string name)
    {
        using var model = DenseParityTests.Load(name);
        Check(name, ids => DenseParityTests.Logits(model, ids));
    }

    private static void Check(string name, Func<int[], float[][]> logits)
    {
        var golden = NeoxGolden.Perplexity(name);
        var ids = golden["input_ids"]!.AsArray().Select(id => (int)id!).ToArray();
        var (sumOfMeans, weighted, weights, sum, scored, windows) = (0.0, 0.0, 0, 0.0, 0, 0);
        foreach (var window in golden["windows"]!.AsArray())
        {
            var (begin, end, target) = ((int)window!["begin"]!, (int)window["end"]!, (int)window["trg_len"]!);
            var rows = logits(ids[begin..end]);
            // The first token of a window has nothing before it.
            var nll = Enumerable.Range(Math.Max(end - target, begin + 1), end - Math.Max(end - target, begin + 1))
                .Select(i => (Position: i, Value: -Scores.LogSoftmax(rows[i - 1 - begin])[ids[i]])).ToArray();
            Assert.All(nll, token => Assert.Equal((double)golden["token_nll"]![token.Position]!, token.Value, 2e-4));
            var mean = nll.Average(token => token.Value);
            Assert.Equal((double)window["window_mean_nll"]!, mean, 2e-4);
            windows++;
            sumOfMeans += mean;
            // That recipe takes one label off every window, though only the first loses one.
            weighted += mean * (target - 1);
            weights += target - 1;
            sum += nll.Sum(token => token.Value);
            scored += nll.Length;
        }
        Relative(golden["hf_docs_old"]!["perplexity"]!, Math.Exp(sumOfMeans / windows));
        Relative(golden["hf_docs_new"]!["perplexity"]!, Math.Exp(weighted / weights));
        Relative(golden["exact_token_mean"]!["perplexity"]!, Math.Exp(sum / scored));

        static void Relative(System.Text.Json.Nodes.JsonNode expected, double actual) => Assert.Equal(1, actual / (double)expected, 1e-4);
    }
}
