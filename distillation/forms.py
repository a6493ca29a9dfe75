"""Form for deciding on a voice."""

from django import forms

from distillation.models import Decision


class DecisionForm(forms.ModelForm):
    class Meta:
        model = Decision
        fields = ["verdict", "reason", "nevertheless"]
        widgets = {"reason": forms.Textarea(attrs={"rows": 2})}
