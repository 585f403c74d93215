using System.Runtime.CompilerServices;
using Kl3m.Inference;

namespace Kl3m.Playground.Components.Pages.Tokens;

/// <summary>The vocabularies of the loaded models, each made once, for all visitors; gone with the model. May be called from any thread.</summary>
internal sealed class Vocabularies
{
    private readonly ConditionalWeakTable<ITextGenerator, Lazy<Task<Vocabulary>>> made = [];

    public Task<Vocabulary> OfAsync(ITextGenerator generator) =>
        made.GetValue(generator, static generator => new(() => Task.Run(() => new Vocabulary(generator)))).Value;
}
