using Kl3m.Inference.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Tests.Models;

public sealed class BlockAttentionTests
{
    [Theory, InlineData(1), InlineData(128), InlineData(300)]
    public void It_is_causal_attention_and_so_are_its_gradients(int length)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        Tensor Leaf() => randn(2, 3, length, 8).requires_grad_();
        Tensor[] leaves = [Leaf(), Leaf(), Leaf()];
        var weight = randn(2, 3, length, 8);
        var expected = nn.functional.scaled_dot_product_attention(leaves[0], leaves[1], leaves[2], is_casual: true);
        var actual = BlockAttention.Causal(leaves[0], leaves[1], leaves[2]);
        Assert.True(actual.allclose(expected, 1e-4, 1e-5));
        var expectedGradients = autograd.grad([(expected * weight).sum()], leaves);
        var actualGradients = autograd.grad([(actual * weight).sum()], leaves);
        Assert.All(actualGradients.Zip(expectedGradients), pair => Assert.True(pair.First.allclose(pair.Second, 1e-3, 1e-5)));
    }
}
